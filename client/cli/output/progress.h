// A line that tells how far a command is, on stderr.
#ifndef QUANTD_CLIENT_CLI_OUTPUT_PROGRESS_H_
#define QUANTD_CLIENT_CLI_OUTPUT_PROGRESS_H_

#include <cstdint>
#include <iosfwd>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"

namespace quantd {

// How far one step is.
struct ProgressState {
  // "upload lenet.caffemodel", "STATISTICS".
  std::string label;
  int64_t done = 0;
  int64_t total = 0;  // 0: not known.
  // "batches", "records"; "bytes" prints sizes.
  std::string unit;
  double images_per_second = 0;  // 0: not known.
  double seconds_left = -1;      // Negative: not known.
};

// On a terminal a bar that is redrawn at most 10 times a second;
// otherwise a plain line every 10 seconds; nothing when quiet.
//
// Threads: compatible. Ownership: keeps `err` and `clock`.
class Progress {
 public:
  struct Options {
    bool terminal = false;
    bool quiet = false;
    Clock* clock = Clock::Real();
  };

  Progress(Options options, std::ostream* err);
  // Clears the bar.
  ~Progress();

  void Update(const ProgressState& state);
  // Removes the bar so that something else may be printed; the next Update
  // draws it again.
  void Clear();

 private:
  void Draw(const ProgressState& state);

  const Options options_;
  std::ostream* const err_;
  bool drawn_ = false;
  absl::Duration last_ = -absl::InfiniteDuration();
};

// The text without the bar: "STATISTICS 3/10 batches, 120 images/s, 0.42 s
// left".
std::string FormatProgress(const ProgressState& state);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_OUTPUT_PROGRESS_H_
