#include "tests/bench/nets/random_weights.h"

#include <random>
#include <string>

#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"

namespace quantd::testing {
namespace {

void FillUniform(float low, float high, std::mt19937* random, Tensor* blob) {
  std::uniform_real_distribution<float> uniform(low, high);
  for (float& value : blob->values()) value = uniform(*random);
}

void Randomize(const std::string& type, std::mt19937* random,
               std::vector<Tensor>* blobs) {
  if (type == "BatchNorm") {
    FillUniform(-0.1f, 0.1f, random, &(*blobs)[0]);
    FillUniform(0.8f, 1.2f, random, &(*blobs)[1]);
    (*blobs)[2].data()[0] = 1;
    return;
  }
  if (type == "Scale" && !blobs->empty())
    FillUniform(0.6f, 1.1f, random, &(*blobs)[0]);
  if (blobs->size() > 1) FillUniform(-0.1f, 0.1f, random, &(*blobs)[1]);
}

void Store(const Tensor& tensor, caffe::BlobProto* blob) {
  for (const int64_t dim : tensor.shape().dims()) {
    blob->mutable_shape()->add_dim(dim);
  }
  blob->mutable_data()->Add(tensor.values().begin(), tensor.values().end());
}

}  // namespace

absl::StatusOr<caffe::NetParameter> WithRandomWeights(caffe::NetParameter net) {
  ASSIGN_OR_RETURN(auto filled, Net::Create(net, {}, MakeLayer));
  std::mt19937 random(1);
  for (int i = 0; i < filled->num_layers(); ++i) {
    std::vector<Tensor> blobs = filled->layer(i).blobs();
    Randomize(filled->layer(i).type(), &random, &blobs);
    for (const Tensor& blob : blobs)
      Store(blob, net.mutable_layer(i)->add_blobs());
  }
  return net;
}

}  // namespace quantd::testing
