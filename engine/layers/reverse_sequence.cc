// ReverseSequence (Synopsys): item i of batch_axis has its first bottom1[i]
// values of seq_axis turned round; the others stay.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class ReverseSequenceLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    const caffe::ReverseSequenceParameter& p = param().reverse_sequence_param();
    ASSIGN_OR_RETURN(
        const int seq_axis,
        CanonicalAxis(x, p.seq_axis(), "reverse_sequence_param.seq_axis"));
    ASSIGN_OR_RETURN(
        const int batch_axis,
        CanonicalAxis(x, p.batch_axis(), "reverse_sequence_param.batch_axis"));
    if (seq_axis == batch_axis) {
      return FieldError("reverse_sequence_param",
                        "seq_axis and batch_axis must be different");
    }
    if (bottoms[1].num_elements() != x[batch_axis]) {
      return BottomError(absl::StrCat(
          "bottom 1 of shape ", bottoms[1].ToString(), " must have ",
          x[batch_axis], " lengths, one for each index of batch_axis"));
    }
    seq_is_first_ = seq_axis < batch_axis;
    const int first = std::min(seq_axis, batch_axis);
    const int second = std::max(seq_axis, batch_axis);
    outer_ = x.Count(0, first);
    first_ = x[first];
    middle_ = x.Count(first + 1, second);
    second_ = x[second];
    inner_ = x.Count(second + 1);
    (*tops)[0] = x;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t seq_size = seq_is_first_ ? first_ : second_;
    lengths_.clear();
    for (const float value : bottoms[1]->values()) {
      ASSIGN_OR_RETURN(const int64_t length, IndexOf(value, seq_size + 1));
      lengths_.push_back(length);
    }
    TurnRound(bottoms[0]->data(), tops[0]->DataToOverwrite());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    TurnRound(pass.top_diffs[0]->data(), pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return bottom == 0; }

 private:
  // Its own inverse.
  void TurnRound(const float* from, float* to) const {
    for (int64_t o = 0; o < outer_; ++o) {
      for (int64_t a = 0; a < first_; ++a) {
        for (int64_t m = 0; m < middle_; ++m) {
          for (int64_t b = 0; b < second_; ++b) {
            const int64_t from_a = seq_is_first_ ? Source(b, a) : a;
            const int64_t from_b = seq_is_first_ ? b : Source(a, b);
            std::copy_n(from + Offset(o, from_a, m, from_b), inner_,
                        to + Offset(o, a, m, b));
          }
        }
      }
    }
  }

  // Where value `index` of item `item` comes from.
  int64_t Source(int64_t item, int64_t index) const {
    const int64_t length = lengths_[item];
    return index < length ? length - 1 - index : index;
  }

  int64_t Offset(int64_t o, int64_t a, int64_t m, int64_t b) const {
    return (((o * first_ + a) * middle_ + m) * second_ + b) * inner_;
  }

  // Bottom 0 seen as (outer, first, middle, second, inner): first and second
  // are seq_axis and batch_axis, in their order.
  bool seq_is_first_ = true;
  int64_t outer_ = 0;
  int64_t first_ = 0;
  int64_t middle_ = 0;
  int64_t second_ = 0;
  int64_t inner_ = 0;
  std::vector<int64_t> lengths_;  // Of the last Forward().
};

}  // namespace

std::unique_ptr<Layer> MakeReverseSequenceLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<ReverseSequenceLayer>(param, phase);
}

}  // namespace quantd
