// What the layers that read images from a data set share: Data, ImageData.
#ifndef QUANTD_ENGINE_LAYERS_DATA_READER_H_
#define QUANTD_ENGINE_LAYERS_DATA_READER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/layer.h"
#include "engine/data/batch_reader.h"

namespace quantd {

// A layer without bottoms whose tops are the images (B,C,h,w) and the labels
// (B) of a BatchReader's next batch. C, h and w may differ from batch to batch.
class DataReaderLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override;
  absl::Status Forward(Bottoms bottoms, Tops tops) override;
  absl::Status SkipPasses(int64_t passes) override;

 protected:
  // Opens the reader; called by SetUp() of the derived class. Decodes the first
  // image. Errors: those of BatchReader::Create().
  absl::Status Open(std::unique_ptr<ImageSource> source, int64_t batch_size,
                    uint32_t prefetch,
                    const caffe::TransformationParameter& transform);

 private:
  std::unique_ptr<BatchReader> reader_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_DATA_READER_H_
