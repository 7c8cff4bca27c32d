// ArgMax and ArgMin (SS928): where the top_k largest (smallest) values are, as
// floats. Of equal values the last index comes first unless select_last_index
// is false. Without `axis` each item of axis 0 is one row: the top is (N, 1, K)
// with indices, with out_max_val (N, 2, K) with the values behind them, and 1
// in the other axes if the bottom has more. With `axis` that axis of the top
// has K values: indices, or *instead* of them the values with out_max_val.
#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/rank.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// What a type's parameters say.
struct ArgOptions {
  const char* message = "";
  bool with_values = false;
  int64_t top_k = 1;
  std::optional<int> axis;
  RankOrder order;
};

template <typename Parameter>
ArgOptions OptionsOf(const char* message, const Parameter& p, bool with_values,
                     bool largest) {
  ArgOptions options = {message,
                        with_values,
                        p.top_k(),
                        std::nullopt,
                        {largest, p.select_last_index()}};
  if (p.has_axis()) options.axis = p.axis();
  return options;
}

class ArgLayer : public Layer {
 public:
  ArgLayer(const caffe::LayerParameter& param, caffe::Phase phase,
           const ArgOptions& options)
      : Layer(param, phase), options_(options) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    std::vector<int64_t> dims;
    if (options_.axis.has_value()) {
      ASSIGN_OR_RETURN(const int axis,
                       CanonicalAxis(bottom, *options_.axis,
                                     absl::StrCat(options_.message, ".axis")));
      outer_ = bottom.Count(0, axis);
      count_ = bottom[axis];
      inner_ = bottom.Count(axis + 1);
      dims = bottom.dims();
      dims[axis] = options_.top_k;
    } else {
      if (bottom.num_axes() == 0) {
        return BottomError("a bottom is a scalar: it has no items");
      }
      outer_ = bottom[0];
      count_ = bottom.Count(1);
      inner_ = 1;
      dims.assign(std::max(bottom.num_axes(), 3), 1);
      dims[0] = outer_;
      dims[1] = options_.with_values ? 2 : 1;
      dims[2] = options_.top_k;
    }
    if (options_.top_k < 1 || options_.top_k > count_) {
      return FieldError(
          absl::StrCat(options_.message, ".top_k"),
          absl::StrCat("is ", options_.top_k, "; it must be in [1, ", count_,
                       "], the number of values to choose from"));
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    float* y = tops[0]->DataToOverwrite();
    const bool values_only = options_.axis.has_value() && options_.with_values;
    const bool both = !options_.axis.has_value() && options_.with_values;
    const int64_t k = options_.top_k;
    RankRows(x, outer_, count_, inner_, k, options_.order,
             [&](int64_t o, int64_t i, const float* from,
                 const std::vector<int64_t>& best) {
               float* to = y + o * (both ? 2 * k : k) * inner_ + i;
               for (int64_t j = 0; j < k; ++j) {
                 const float value = from[best[j] * inner_];
                 to[j * inner_] =
                     values_only ? value : static_cast<float>(best[j]);
                 if (both) to[k + j] = value;
               }
             });
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return false; }

 private:
  const ArgOptions options_;
  // The bottom seen as (outer, count, inner): one choice for each (o, i).
  int64_t outer_ = 0;
  int64_t count_ = 0;
  int64_t inner_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeArgMaxLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  const caffe::ArgMaxParameter& p = param.argmax_param();
  return std::make_unique<ArgLayer>(
      param, phase,
      OptionsOf("argmax_param", p, p.out_max_val(), /*largest=*/true));
}

std::unique_ptr<Layer> MakeArgMinLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  const caffe::ArgMinParameter& p = param.argmin_param();
  return std::make_unique<ArgLayer>(
      param, phase,
      OptionsOf("argmin_param", p, p.out_min_val(), /*largest=*/false));
}

}  // namespace quantd
