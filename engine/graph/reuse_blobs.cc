#include "engine/graph/reuse_blobs.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace quantd {
namespace {

// How often a name is written and read. Names with several versions (in-place
// chains) are left alone.
struct Use {
  int num_writers = 0;
  int num_readers = 0;
  bool of_input = false;
  // Where the name stands, but for its readers.
  std::vector<std::string*> places;
};

std::map<std::string, Use> CountUses(caffe::NetParameter* net) {
  std::map<std::string, Use> uses;
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    for (const std::string& bottom : layer.bottom()) {
      ++uses[bottom].num_readers;
    }
    for (std::string& top : *layer.mutable_top()) {
      Use& use = uses[top];
      ++use.num_writers;
      use.of_input |= layer.bottom_size() == 0;
      use.places.push_back(&top);
    }
  }
  return uses;
}

bool WorksInPlace(const caffe::LayerParameter& layer) {
  const std::string& type = layer.type();
  return layer.bottom_size() == 1 && layer.top_size() == 1 &&
         (type == "ReLU" || type == "PReLU" || type == "Dropout" ||
          type == "Quant");
}

}  // namespace

caffe::NetParameter ReuseBlobs(caffe::NetParameter net,
                               const std::set<std::string>& keep) {
  std::map<std::string, Use> uses = CountUses(&net);
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    if (!WorksInPlace(layer)) continue;
    const std::string bottom = layer.bottom(0);
    const std::string& top = layer.top(0);
    const Use& read = uses[bottom];
    if (read.num_writers != 1 || read.num_readers != 1 || read.of_input ||
        uses[top].num_writers != 1 || keep.count(bottom) > 0) {
      continue;
    }
    std::vector<std::string*> places = read.places;
    places.push_back(layer.mutable_bottom(0));
    for (std::string* place : places) *place = top;
    places.push_back(layer.mutable_top(0));
    uses[top].places = std::move(places);
  }
  return net;
}

}  // namespace quantd
