// Piece (Synopsys): piece_param.size indices of every axis from
// piece_param.begin on; a size of -1 goes to the end.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class PieceLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const caffe::PieceParameter& piece = param().piece_param();
    if (piece.begin_size() != bottom.num_axes() ||
        piece.size_size() != bottom.num_axes()) {
      return FieldError("piece_param",
                        absl::StrCat("must give begin and size for each axis "
                                     "of ",
                                     bottom.ToString()));
    }
    Top& top = tops->front();
    for (int axis = 0; axis < bottom.num_axes(); ++axis) {
      const int64_t begin = piece.begin(axis);
      const int64_t size =
          piece.size(axis) == -1 ? bottom[axis] - begin : piece.size(axis);
      if (begin < 0 || size < 1 || begin + size > bottom[axis]) {
        return FieldError(
            "piece_param",
            absl::StrCat("begin ", begin, " and size ", piece.size(axis),
                         " are no range of axis ", axis, " of ",
                         bottom.ToString()));
      }
      top.dims[axis] = size;
      top.axes[axis] = AxisRange(bottom, axis, size, begin);
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakePieceLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<PieceLayer>(param, phase);
}

}  // namespace quantd
