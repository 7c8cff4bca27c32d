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
#include "engine/layers/checks.h"
#include "engine/layers/softmax_loss_layer.h"

namespace quantd {
namespace {

class InfogainLossLayer : public SoftmaxLossLayer {
 public:
  using SoftmaxLossLayer::SoftmaxLossLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 3}, num_tops, {1, 2}));
    if (bottoms.size() == 3) return absl::OkStatus();
    return ReadMatrix(param().infogain_loss_param().source());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(
        ReshapeAlong(param().infogain_loss_param().axis(), bottoms, tops));
    return CheckMatrix(bottoms.size() == 3 ? bottoms[2] : matrix_.shape());
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* matrix = Matrix(bottoms);
    return SumLosses(bottoms, tops, [&](int64_t i, int64_t label, double* sum) {
      const float* p = probabilities().data();
      const float* gains = matrix + label * axis().classes;
      for (int64_t c = 0; c < axis().classes; ++c) {
        *sum -= gains[c] *
                std::log(std::max(p[axis().IndexOf(i, c)], kMinProbability));
      }
    });
  }

  // dx(c) = p(c) * sum of H(label, all) - H(label, c).
  absl::Status Backward(const BackwardPass& pass) override {
    const float* p = probabilities().data();
    const float* matrix = Matrix(pass.bottoms);
    float* dx = pass.bottom_diffs[0]->data();
    const float scale = ScaleOf(pass);
    return WriteGradients(pass, [&](int64_t i, int64_t label) {
      const float* gains = matrix + label * axis().classes;
      const float sum = std::accumulate(gains, gains + axis().classes, 0.0f);
      for (int64_t c = 0; c < axis().classes; ++c) {
        const int64_t index = axis().IndexOf(i, c);
        dx[index] = scale * (p[index] * sum - gains[c]);
      }
    });
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
    const int64_t n = axis().classes;
    if (axes >= 2 && shape[axes - 2] == n && shape[axes - 1] == n &&
        shape.Count(0, axes - 2) == 1) {
      return absl::OkStatus();
    }
    return BottomError(absl::StrCat("the infogain matrix has shape ",
                                    shape.ToString(), "; with ", n,
                                    " classes it must be 1x1x", n, "x", n));
  }

  Tensor matrix_;  // Without bottom 2.
};

}  // namespace

std::unique_ptr<Layer> MakeInfogainLossLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<InfogainLossLayer>(param, phase);
}

}  // namespace quantd
