// InfogainLoss: -sum over positions and classes c of
// H(label, c) * ln max(p(c), 1e-20), p the softmax of bottom 0, divided as
// loss_param says. H comes from infogain_loss_param.source (a BlobProto) or is
// bottom 2. Top 1, if there, has p.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/kernels/softmax.h"
#include "engine/layers/checks.h"
#include "engine/layers/labels.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class InfogainLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 3}, num_tops, {1, 2}));
    if (bottoms.size() == 3) return absl::OkStatus();
    return ReadMatrix(param().infogain_loss_param().source());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(axis_,
                     MakeClassAxis(bottoms[0], bottoms[1],
                                   param().infogain_loss_param().axis()));
    RETURN_IF_ERROR(
        CheckMatrix(bottoms.size() == 3 ? bottoms[2] : matrix_.shape()));
    (*tops)[0] = Shape();
    if (tops->size() > 1) (*tops)[1] = bottoms[0];
    return probabilities_.Resize(bottoms[0]);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* p = probabilities_.data();
    Softmax(bottoms[0]->data(), axis_.outer, axis_.classes, axis_.inner,
            probabilities_.data());
    double sum = 0;
    int64_t num_valid = 0;
    for (int64_t i = 0; i < axis_.num_positions(); ++i) {
      const float value = bottoms[1]->data()[i];
      if (IsIgnored(value)) continue;
      ASSIGN_OR_RETURN(const int64_t label, ClassOf(value, axis_.classes));
      const float* gains = Matrix(bottoms) + label * axis_.classes;
      for (int64_t c = 0; c < axis_.classes; ++c) {
        sum -= gains[c] *
               std::log(std::max(p[axis_.IndexOf(i, c)], kMinProbability));
      }
      ++num_valid;
    }
    divisor_ = Divisor({axis_.outer, axis_.inner, num_valid});
    *tops[0]->data() = static_cast<float>(sum / divisor_);
    if (tops.size() > 1) {
      std::copy_n(p, probabilities_.num_elements(), tops[1]->data());
    }
    return absl::OkStatus();
  }

  // dx(c) = p(c) * sum of H(label, all) - H(label, c).
  absl::Status Backward(const BackwardPass& pass) override {
    const float* p = probabilities_.data();
    float* dx = pass.bottom_diffs[0]->data();
    const float scale =
        static_cast<float>(*pass.top_diffs[0]->data() / divisor_);
    for (int64_t i = 0; i < axis_.num_positions(); ++i) {
      const float value = pass.bottoms[1]->data()[i];
      if (IsIgnored(value)) {
        for (int64_t c = 0; c < axis_.classes; ++c) dx[axis_.IndexOf(i, c)] = 0;
        continue;
      }
      ASSIGN_OR_RETURN(const int64_t label, ClassOf(value, axis_.classes));
      const float* gains = Matrix(pass.bottoms) + label * axis_.classes;
      const float sum = std::accumulate(gains, gains + axis_.classes, 0.0f);
      for (int64_t c = 0; c < axis_.classes; ++c) {
        const int64_t index = axis_.IndexOf(i, c);
        dx[index] = scale * (p[index] * sum - gains[c]);
      }
    }
    return absl::OkStatus();
  }

 private:
  static constexpr float kMinProbability = 1e-20f;
  static constexpr int64_t kMaxMatrixBytes = int64_t{1} << 30;

  const float* Matrix(Bottoms bottoms) const {
    return bottoms.size() == 3 ? bottoms[2]->data() : matrix_.data();
  }

  absl::Status ReadMatrix(const std::string& path) {
    if (path.empty()) {
      return FieldError("infogain_loss_param.source",
                        "is missing, and there is no bottom 2 with the matrix");
    }
    const absl::StatusOr<std::string> bytes =
        FileSystem::Posix()->Read(path, kMaxMatrixBytes);
    caffe::BlobProto proto;
    if (!bytes.ok() || !proto.ParseFromString(*bytes)) {
      return FieldError(
          "infogain_loss_param.source",
          absl::StrCat("names ", path, ", which is no binary BlobProto"));
    }
    const absl::StatusOr<Tensor> matrix = MakeTensor(proto);
    if (!matrix.ok()) {
      return FieldError(
          "infogain_loss_param.source",
          absl::StrCat("names ", path, ": ", matrix.status().message()));
    }
    matrix_ = *matrix;
    return absl::OkStatus();
  }

  // Classes x classes, whatever axes of 1 are before.
  absl::Status CheckMatrix(const Shape& shape) const {
    const int axes = shape.num_axes();
    const int64_t n = axis_.classes;
    if (axes >= 2 && shape[axes - 2] == n && shape[axes - 1] == n &&
        shape.Count(0, axes - 2) == 1) {
      return absl::OkStatus();
    }
    return BottomError(absl::StrCat("the infogain matrix has shape ",
                                    shape.ToString(), "; with ", n,
                                    " classes it must be 1x1x", n, "x", n));
  }

  ClassAxis axis_;
  Tensor matrix_;  // Without bottom 2.
  Tensor probabilities_;
  double divisor_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeInfogainLossLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<InfogainLossLayer>(param, phase);
}

}  // namespace quantd
