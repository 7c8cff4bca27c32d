// Writes well-known architectures as Caffe nets in a few lines each.
// Not here: the architectures (zoo.h), weights (random_weights.h).
#ifndef QUANTD_TESTS_BENCH_NETS_NET_WRITER_H_
#define QUANTD_TESTS_BENCH_NETS_NET_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {

// Appends layers to a net. Blobs have the names of the layers that make them;
// each method returns its top. ReLU, BatchNorm, Scale and Dropout work in
// place, as in published prototxts.
//
// Example:
//   NetWriter net("tiny", {1, 3, 32, 32});
//   std::string x = net.Convolution("conv1", "data", {.outputs = 8});
//   net.Softmax("prob", net.InnerProduct("fc", net.Relu(x), 10));
class NetWriter {
 public:
  struct Conv {
    int outputs = 1;
    int kernel = 1;
    int stride = 1;
    int pad = 0;
    int group = 1;
    bool bias = true;
  };
  struct Window {
    int kernel = 2;
    int stride = 2;
    int pad = 0;
  };

  // An Input layer "data" of this shape.
  NetWriter(const std::string& name, const std::vector<int64_t>& input);

  const caffe::NetParameter& net() const { return net_; }

  std::string Convolution(const std::string& name, const std::string& bottom,
                          const Conv& conv);
  std::string InnerProduct(const std::string& name, const std::string& bottom,
                           int outputs);
  std::string Relu(const std::string& blob, float negative_slope = 0);
  // BatchNorm, and a Scale with bias.
  std::string BatchNorm(const std::string& blob);
  // Convolution without bias, BatchNorm, Scale.
  std::string ConvBn(const std::string& name, const std::string& bottom,
                     Conv conv);
  std::string ConvBnRelu(const std::string& name, const std::string& bottom,
                         const Conv& conv);
  std::string ConvRelu(const std::string& name, const std::string& bottom,
                       const Conv& conv);
  std::string MaxPool(const std::string& name, const std::string& bottom,
                      const Window& window);
  // The average of each plane.
  std::string GlobalAverage(const std::string& name, const std::string& bottom);
  std::string Add(const std::string& name, const std::string& a,
                  const std::string& b);
  std::string Concat(const std::string& name,
                     const std::vector<std::string>& bottoms);
  std::string Flatten(const std::string& name, const std::string& bottom);
  std::string Lrn(const std::string& name, const std::string& bottom);
  std::string Dropout(const std::string& blob);
  std::string Softmax(const std::string& name, const std::string& bottom);

 private:
  caffe::LayerParameter* Layer(const std::string& name, const std::string& type,
                               const std::vector<std::string>& bottoms);
  // A layer that overwrites `blob`.
  caffe::LayerParameter* InPlace(const std::string& suffix,
                                 const std::string& type,
                                 const std::string& blob);

  caffe::NetParameter net_;
};

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_BENCH_NETS_NET_WRITER_H_
