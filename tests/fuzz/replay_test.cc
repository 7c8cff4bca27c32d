// Runs a fuzz target over the files on its command line, each as it is, cut
// off, and with single bytes changed. The same inputs every time.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMaxPositions = 400;  // Of one file, evenly spread.

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                         input.size());
}

void Replay(const std::string& input) {
  Run(input);
  const size_t step = std::max<size_t>(1, input.size() / kMaxPositions);
  for (size_t at = 0; at < input.size(); at += step) {
    Run(input.substr(0, at));
    for (const int value : {0x00, 0x0A, 0x7F, 0x80, 0xFF, 0x7B, 0x22, 0x2D}) {
      std::string changed = input;
      changed[at] = static_cast<char>(value);
      Run(changed);
    }
    std::string doubled = input;
    doubled.insert(at, input.substr(at, 64));
    Run(doubled);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "no inputs\n");
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(file), {});
    if (input.empty()) {
      std::fprintf(stderr, "%s: cannot be read, or empty\n", argv[i]);
      return 1;
    }
    Replay(input);
    std::printf("%s: %zu bytes\n", argv[i], input.size());
  }
  return 0;
}
