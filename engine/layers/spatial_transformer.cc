// SpatialTransformer (ATC's st_param): bilinear sampling of (N, C, H, W) by an
// affine map. Bottom 1, (N, 6 - k): theta by rows, without the k entries that
// theta_1_1 .. theta_2_3 fix. Top (N, C, output_H, output_W).
// Output (i, j) has the coordinates u = 2 i / output_H - 1 and v = 2 j /
// output_W - 1; it samples row (p + 1) / 2 * H and column (q + 1) / 2 * W,
// where (p, q) = theta * (u, v, 1): the first row of theta gives the row.
// Pixels outside are 0.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr int kThetaSize = 6;
constexpr int64_t kMaxSize = 65535;

// A place to sample: the pixel before it and how far it is from that.
struct Place {
  int64_t first;
  float part;
};

// Places that are out of reach of all `size` pixels become -2.
Place PlaceOf(float x, int64_t size) {
  const bool is_near = x > -1 && x < static_cast<float>(size);
  const float floor = is_near ? std::floor(x) : -2.0f;
  return {static_cast<int64_t>(floor), is_near ? x - floor : 0};
}

struct Sample {
  Place row;
  Place column;
  float u, v;  // Coordinates of the output.
};

class SpatialTransformerLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 2}, num_tops, {1, 1}));
    if (st().transform_type() != "affine" ||
        st().sampler_type() != "bilinear") {
      return Error(absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
                   "st_param.transform_type must be affine and sampler_type "
                   "bilinear");
    }
    for (const int64_t size : {st().output_h(), st().output_w()}) {
      if (size < 0 || size > kMaxSize) {
        return FieldError(
            "st_param.output_H",
            absl::StrCat("or output_W is ", size, "; both must be in [1, ",
                         kMaxSize, "]"));
      }
    }
    ReadTheta();
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    RETURN_IF_ERROR(CheckImageAxes(x, "bottom 0"));
    const int64_t num_free = static_cast<int64_t>(free_.size());
    if (bottoms[1].num_axes() < 1 || bottoms[1][0] != x[0] ||
        bottoms[1].Count(1) != num_free) {
      return BottomError(absl::StrCat("bottom 1 (theta) has shape ",
                                      bottoms[1].ToString(), "; it must be ",
                                      x[0], "x", num_free));
    }
    const int64_t h = st().has_output_h() ? st().output_h() : x[2];
    const int64_t w = st().has_output_w() ? st().output_w() : x[3];
    if (h < 1 || w < 1) {
      return FieldError("st_param.output_H", "and output_W must be above 0");
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create({x[0], x[1], h, w}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Shape& in = bottoms[0]->shape();
    const Shape& out = tops[0]->shape();
    const float* x = bottoms[0]->data();
    const float* theta = bottoms[1]->data();
    float* y = tops[0]->DataToOverwrite();
    for (int64_t n = 0; n < in[0]; ++n) {
      for (int64_t i = 0; i < out.Count(2); ++i) {
        const Sample sample = SampleOf(theta, n, i, in, out);
        for (int64_t c = n * in[1]; c < (n + 1) * in[1]; ++c) {
          float sum = 0;
          ForEachPixel(sample, in, [&](int64_t pixel, float row, float column) {
            sum += row * column * x[c * in.Count(2) + pixel];
          });
          y[c * out.Count(2) + i] = sum;
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const Shape& in = pass.bottoms[0]->shape();
    const Shape& out = pass.tops[0]->shape();
    const float* theta = pass.bottoms[1]->data();
    for (Tensor* diff : pass.bottom_diffs) {
      if (diff != nullptr) std::fill_n(diff->data(), diff->num_elements(), 0.f);
    }
    for (int64_t n = 0; n < in[0]; ++n) {
      for (int64_t i = 0; i < out.Count(2); ++i) {
        const Sample sample = SampleOf(theta, n, i, in, out);
        if (pass.bottom_diffs[0] != nullptr) InputDiff(pass, sample, n, i);
        if (pass.bottom_diffs[1] != nullptr) ThetaDiff(pass, sample, n, i);
      }
    }
    return absl::OkStatus();
  }

 private:
  const caffe::SpatialTransformerParameter& st() const {
    return param().st_param();
  }

  void ReadTheta() {
    const bool is_fixed[kThetaSize] = {
        st().has_theta_1_1(), st().has_theta_1_2(), st().has_theta_1_3(),
        st().has_theta_2_1(), st().has_theta_2_2(), st().has_theta_2_3()};
    const double values[kThetaSize] = {st().theta_1_1(), st().theta_1_2(),
                                       st().theta_1_3(), st().theta_2_1(),
                                       st().theta_2_2(), st().theta_2_3()};
    for (int i = 0; i < kThetaSize; ++i) {
      theta_[i] = static_cast<float>(values[i]);
      if (!is_fixed[i]) free_.push_back(i);
    }
  }

  // Where output pixel `index` of image `n` samples.
  Sample SampleOf(const float* theta, int64_t n, int64_t index, const Shape& in,
                  const Shape& out) const {
    float full[kThetaSize];
    std::copy_n(theta_, kThetaSize, full);
    for (size_t k = 0; k < free_.size(); ++k) {
      full[free_[k]] = theta[n * free_.size() + k];
    }
    const int64_t row = index / out[3];
    const int64_t column = index % out[3];
    const float u =
        2 * static_cast<float>(row) / static_cast<float>(out[2]) - 1;
    const float v =
        2 * static_cast<float>(column) / static_cast<float>(out[3]) - 1;
    const float p = full[0] * u + full[1] * v + full[2];
    const float q = full[3] * u + full[4] * v + full[5];
    return {PlaceOf((p + 1) / 2 * static_cast<float>(in[2]), in[2]),
            PlaceOf((q + 1) / 2 * static_cast<float>(in[3]), in[3]), u, v};
  }

  // Calls visit(index in the plane, row weight, column weight) for the pixels
  // around a place that exist.
  template <typename Visit>
  static void ForEachPixel(const Sample& sample, const Shape& in,
                           const Visit& visit) {
    for (int64_t i = 0; i < 2; ++i) {
      const int64_t h = sample.row.first + i;
      if (h < 0 || h >= in[2]) continue;
      for (int64_t j = 0; j < 2; ++j) {
        const int64_t w = sample.column.first + j;
        if (w < 0 || w >= in[3]) continue;
        visit(h * in[3] + w, i == 0 ? 1 - sample.row.part : sample.row.part,
              j == 0 ? 1 - sample.column.part : sample.column.part);
      }
    }
  }

  static void InputDiff(const BackwardPass& pass, const Sample& sample,
                        int64_t n, int64_t index) {
    const Shape& in = pass.bottoms[0]->shape();
    const int64_t out_size = pass.tops[0]->shape().Count(2);
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    for (int64_t c = n * in[1]; c < (n + 1) * in[1]; ++c) {
      ForEachPixel(sample, in, [&](int64_t pixel, float row, float column) {
        dx[c * in.Count(2) + pixel] += row * column * dy[c * out_size + index];
      });
    }
  }

  void ThetaDiff(const BackwardPass& pass, const Sample& sample, int64_t n,
                 int64_t index) const {
    const Shape& in = pass.bottoms[0]->shape();
    const int64_t out_size = pass.tops[0]->shape().Count(2);
    const float* x = pass.bottoms[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    // Of the weights: the row's is +-1 by the row, and so the column's.
    double by_row = 0, by_column = 0;
    for (int64_t c = n * in[1]; c < (n + 1) * in[1]; ++c) {
      ForEachPixel(sample, in, [&](int64_t pixel, float row, float column) {
        const double value = static_cast<double>(x[c * in.Count(2) + pixel]) *
                             dy[c * out_size + index];
        by_row += pixel / in[3] == sample.row.first ? -column * value
                                                    : column * value;
        by_column +=
            pixel % in[3] == sample.column.first ? -row * value : row * value;
      });
    }
    const double dp = by_row * static_cast<double>(in[2]) / 2;
    const double dq = by_column * static_cast<double>(in[3]) / 2;
    const double all[kThetaSize] = {dp * sample.u, dp * sample.v, dp,
                                    dq * sample.u, dq * sample.v, dq};
    float* dtheta = pass.bottom_diffs[1]->data() + n * free_.size();
    for (size_t k = 0; k < free_.size(); ++k) {
      dtheta[k] += static_cast<float>(all[free_[k]]);
    }
  }

  float theta_[kThetaSize] = {};
  std::vector<int> free_;  // Indices of theta that bottom 1 gives.
};

}  // namespace

std::unique_ptr<Layer> MakeSpatialTransformerLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<SpatialTransformerLayer>(param, phase);
}

}  // namespace quantd
