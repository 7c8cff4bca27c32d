// write_net NAME PREFIX: writes PREFIX.prototxt and PREFIX.caffemodel of a net
// of the zoo, with random weights. Without arguments: lists the names.
#include <cstdio>
#include <fstream>
#include <string>

#include "google/protobuf/text_format.h"
#include "tests/bench/nets/random_weights.h"
#include "tests/bench/nets/zoo.h"

namespace quantd::testing {
namespace {

bool Write(const std::string& path, const std::string& contents) {
  std::ofstream file(path, std::ios::binary);
  file << contents;
  file.close();
  if (!file) std::fprintf(stderr, "cannot write %s\n", path.c_str());
  return static_cast<bool>(file);
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    for (const std::string& name : ZooNames()) std::puts(name.c_str());
    return argc == 1 ? 0 : 2;
  }
  auto net = ZooNet(argv[1], 1);
  auto weighted = net.ok() ? WithRandomWeights(*net) : net;
  if (!weighted.ok()) {
    std::fprintf(stderr, "%s\n", weighted.status().ToString().c_str());
    return 1;
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(*net, &text);
  const std::string prefix = argv[2];
  const bool written =
      Write(prefix + ".prototxt", text) &&
      Write(prefix + ".caffemodel", weighted->SerializeAsString());
  return written ? 0 : 1;
}

}  // namespace
}  // namespace quantd::testing

int main(int argc, char** argv) { return quantd::testing::Main(argc, argv); }
