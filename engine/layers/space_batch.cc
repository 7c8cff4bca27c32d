// SpaceToBatchND and BatchToSpaceND (Synopsys, TensorFlow's): axis i + 1 moves
// into axis 0 by blocks of block_shape[i], and back. With M blocks, batches of
// N and block offsets d, place (n, h...) of space, which has
// paddings[2i] more values before it and paddings[2i + 1] behind (crops, on the
// way back), is place
//   ((d_1 * block_2 + d_2) ... * N + n, (h_i + padding_i) / block_i ...)
// of the batch, where d_i = (h_i + padding_i) % block_i.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/strided_map.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// What a type's parameters say.
struct SpaceBlocks {
  bool to_batch = true;
  const char* blocks_field = "";
  const char* edges_field = "";
  std::vector<int64_t> blocks;
  std::vector<int64_t> edges;  // Before and behind each axis.
};

template <typename Blocks, typename Edges>
SpaceBlocks MakeBlocks(bool to_batch, const char* blocks_field,
                       const char* edges_field, const Blocks& blocks,
                       const Edges& edges) {
  return {to_batch,
          blocks_field,
          edges_field,
          {blocks.begin(), blocks.end()},
          {edges.begin(), edges.end()}};
}

class SpaceBatchLayer : public Layer {
 public:
  SpaceBatchLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                  SpaceBlocks blocks)
      : Layer(param, phase), blocks_(std::move(blocks)) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    for (const int64_t block : blocks_.blocks) {
      if (block >= 1 && block <= INT32_MAX) continue;
      return FieldError(blocks_.blocks_field, "must be positive");
    }
    if (blocks_.edges.empty()) blocks_.edges.resize(2 * blocks_.blocks.size());
    if (blocks_.edges.size() == 2 * blocks_.blocks.size()) {
      return absl::OkStatus();
    }
    return FieldError(
        blocks_.edges_field,
        absl::StrCat("has ", blocks_.edges.size(),
                     " values; give two for each of ", blocks_.blocks_field));
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    const size_t num_blocks = blocks_.blocks.size();
    if (static_cast<size_t>(bottom.num_axes()) <= num_blocks) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " has too few axes for ", num_blocks,
                                      " blocks and the batch"));
    }
    std::vector<int64_t> dims = bottom.dims();
    for (size_t i = 0; i < num_blocks; ++i) {
      if (!Resize(blocks_.blocks[i],
                  blocks_.edges[2 * i] + blocks_.edges[2 * i + 1], &dims[0],
                  &dims[i + 1])) {
        return BottomError(absl::StrCat(
            "axis ", i + 1, " of a bottom of shape ", bottom.ToString(),
            " does not fit blocks of ", blocks_.blocks[i], " and ",
            blocks_.edges_field, " ", blocks_.edges[2 * i], " and ",
            blocks_.edges[2 * i + 1]));
      }
      // One axis at a time: the product of many blocks may overflow.
      RETURN_IF_ERROR(Shape::Create({dims[0]}).status());
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    if (blocks_.to_batch) {
      map_ = SpaceFromBatch(bottom, (*tops)[0]);
    } else {
      map_ = SpaceFromBatch((*tops)[0], bottom);
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    Move(blocks_.to_batch, *bottoms[0], tops[0]);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    Move(!blocks_.to_batch, *pass.top_diffs[0], pass.bottom_diffs[0]);
    return absl::OkStatus();
  }

 private:
  // Makes the batch and an axis what they become; false if that is impossible.
  bool Resize(int64_t block, int64_t edges, int64_t* batch,
              int64_t* size) const {
    if (blocks_.to_batch) {
      if ((*size + edges) % block != 0) return false;
      *batch *= block;
      *size = (*size + edges) / block;
      return true;
    }
    if (*batch % block != 0 || *size * block < edges) return false;
    *batch /= block;
    *size = *size * block - edges;
    return true;
  }

  // Where the values of `space` are in `batch`.
  StridedMap SpaceFromBatch(const Shape& space, const Shape& batch) const {
    std::vector<StridedAxis> axes = IdentityAxes(batch);
    axes[0] = AxisRange(batch, 0, space[0], 0);
    int64_t block_stride = space[0] * batch.Count(1);
    for (size_t i = blocks_.blocks.size(); i-- > 0;) {
      const int axis = static_cast<int>(i) + 1;
      const int64_t block = blocks_.blocks[i];
      const int64_t stride = batch.Count(axis + 1);
      axes[axis].clear();
      for (int64_t h = 0; h < space[axis]; ++h) {
        const int64_t at = h + blocks_.edges[2 * i];
        axes[axis].push_back(
            {1, at % block * block_stride + at / block * stride, 0});
      }
      if (axes[axis].empty()) axes[axis].push_back({});
      block_stride *= block;
    }
    return StridedMap(std::move(axes));
  }

  void Move(bool to_batch, const Tensor& from, Tensor* to) const {
    if (!to_batch) {
      map_.Copy(from.data(), 0, to->DataToOverwrite());
      return;
    }
    float* batch = to->DataToOverwrite();
    std::fill_n(batch, to->num_elements(), 0.0f);
    map_.AddBack(from.data(), batch);
  }

  SpaceBlocks blocks_;
  StridedMap map_;
};

}  // namespace

std::unique_ptr<Layer> MakeSpaceToBatchNdLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  const caffe::SpaceToBatchNDParameter& p = param.space_to_batch_nd_param();
  return std::make_unique<SpaceBatchLayer>(
      param, phase,
      MakeBlocks(/*to_batch=*/true, "space_to_batch_nd_param.block_shape",
                 "space_to_batch_nd_param.paddings", p.block_shape(),
                 p.paddings()));
}

std::unique_ptr<Layer> MakeBatchToSpaceNdLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  const caffe::BatchToSpaceNDParameter& p = param.batch_to_space_nd_param();
  return std::make_unique<SpaceBatchLayer>(
      param, phase,
      MakeBlocks(/*to_batch=*/false, "batch_to_space_nd_param.block_shape",
                 "batch_to_space_nd_param.crops", p.block_shape(), p.crops()));
}

}  // namespace quantd
