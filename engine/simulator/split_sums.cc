#include "engine/simulator/split_sums.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/simulator/weight_scale.h"

namespace quantd {
namespace {

constexpr int kMaxParts = 16;

// `shape` with another first dimension.
absl::StatusOr<Shape> WithRows(const Shape& shape, int64_t rows) {
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().end());
  dims[0] = rows;
  return Shape::Create(dims);
}

class SplitLayer : public Layer {
 public:
  SplitLayer(const caffe::LayerParameter& param, caffe::Phase phase,
             const SplitParams& split)
      : Layer(param, phase), split_(split) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    if (bottoms[0].num_axes() > 0) return absl::OkStatus();
    return BottomError("a bottom has no axes");
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN((*tops)[0],
                     WithRows(bottoms[0], bottoms[0][0] * split_.num_parts));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const absl::Span<const float> values = bottoms[0]->values();
    const auto size = static_cast<int64_t>(values.size());
    float* part = tops[0]->DataToOverwrite();
    float* const last = part + (split_.num_parts - 1) * size;
    std::copy(values.begin(), values.end(), last);
    for (; part != last; part += size) {
      SplitOffPart(split_.bits, absl::MakeSpan(last, size), part);
    }
    return absl::OkStatus();
  }

 private:
  const SplitParams split_;
};

class JoinLayer : public Layer {
 public:
  JoinLayer(const caffe::LayerParameter& param, caffe::Phase phase,
            JoinParams join)
      : Layer(param, phase), join_(std::move(join)) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    ASSIGN_OR_RETURN(axis_, CanonicalAxis(bottoms[0], join_.channel_axis,
                                          "the channel axis"));
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& sums = bottoms[0];
    const auto num_channels = static_cast<int64_t>(join_.steps.size());
    if (axis_ >= sums.num_axes() || sums[axis_] != num_channels ||
        sums[0] % join_.split.num_parts != 0) {
      return BottomError(absl::StrCat(
          "a bottom of shape ", sums.ToString(), " does not fit ", num_channels,
          " channels and ", join_.split.num_parts, " parts"));
    }
    ASSIGN_OR_RETURN((*tops)[0],
                     WithRows(sums, sums[0] / join_.split.num_parts));
    inner_ = sums.Count(axis_ + 1);
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t size = tops[0]->num_elements();
    const auto num_channels = static_cast<int64_t>(join_.steps.size());
    const float* sums = bottoms[0]->values().data();
    float* y = tops[0]->DataToOverwrite();
    const double base = std::ldexp(1.0, join_.split.bits);
    for (int64_t first = 0; first < size; first += inner_) {
      const int64_t c = first / inner_ % num_channels;
      const double bias = join_.bias.empty() ? 0 : join_.bias[c];
      for (int64_t i = first; i < first + inner_; ++i) {
        double sum = 0;
        for (int p = join_.split.num_parts - 1; p >= 0; --p) {
          sum = sum * base + sums[p * size + i];
        }
        y[i] = static_cast<float>(sum + bias) * join_.steps[c];
      }
    }
    return absl::OkStatus();
  }

 private:
  const JoinParams join_;
  int axis_ = 1;
  int64_t inner_ = 1;
};

}  // namespace

absl::optional<SplitParams> FindSplit(double largest_value,
                                      double largest_weights) {
  const double limit =
      std::floor((kMaxWholeSum - 1) / std::max(1.0, largest_weights));
  if (largest_value <= limit) return SplitParams{};
  for (int parts = 2; parts <= kMaxParts; ++parts) {
    for (int bits = 1; std::ldexp(1.0, bits - 1) <= limit; ++bits) {
      // Rounding up adds at most a half for each part below.
      if (largest_value / std::ldexp(1.0, bits * (parts - 1)) + 1 <= limit) {
        return SplitParams{parts, bits};
      }
    }
  }
  return absl::nullopt;
}

void SplitOffPart(int bits, absl::Span<float> rest, float* part) {
  const float base = std::ldexp(1.0f, bits);
  for (size_t i = 0; i < rest.size(); ++i) {
    const float above = std::nearbyint(rest[i] / base);
    part[i] = rest[i] - above * base;
    rest[i] = above;
  }
}

std::unique_ptr<Layer> MakeSplitLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase,
                                      const SplitParams& split) {
  return std::make_unique<SplitLayer>(param, phase, split);
}

std::unique_ptr<Layer> MakeJoinLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase, JoinParams join) {
  return std::make_unique<JoinLayer>(param, phase, std::move(join));
}

}  // namespace quantd
