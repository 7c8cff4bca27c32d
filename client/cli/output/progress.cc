#include "client/cli/output/progress.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/output/format.h"

namespace quantd {
namespace {

constexpr absl::Duration kTerminalInterval = absl::Milliseconds(100);
constexpr absl::Duration kPlainInterval = absl::Seconds(10);
constexpr int kBarWidth = 20;
constexpr char kClearLine[] = "\r\033[K";

std::string Bar(const ProgressState& state) {
  if (state.total <= 0) return "";
  const int64_t done = std::clamp<int64_t>(state.done, 0, state.total);
  const int filled =
      static_cast<int>(static_cast<double>(done) / state.total * kBarWidth);
  return absl::StrCat("[", std::string(filled, '#'),
                      std::string(kBarWidth - filled, '.'), "] ");
}

std::string Amount(const ProgressState& state) {
  const auto show = [&](int64_t value) {
    return state.unit == "bytes" ? FormatBytes(value) : absl::StrCat(value);
  };
  const std::string unit =
      state.unit.empty() || state.unit == "bytes" ? "" : " " + state.unit;
  if (state.total > 0) {
    return absl::StrCat(show(state.done), "/", show(state.total), unit);
  }
  return state.done > 0 ? absl::StrCat(show(state.done), unit) : "";
}

std::string Rest(const ProgressState& state) {
  std::string text = Amount(state);
  if (state.images_per_second > 0) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    absl::StrFormat("%.0f images/s", state.images_per_second));
  }
  if (state.seconds_left >= 0) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    FormatSeconds(state.seconds_left), " left");
  }
  return text;
}

}  // namespace

std::string FormatProgress(const ProgressState& state) {
  const std::string rest = Rest(state);
  return absl::StrCat(state.label, rest.empty() ? "" : " ", rest);
}

Progress::Progress(Options options, std::ostream* err)
    : options_(options), err_(err) {}

Progress::~Progress() { Clear(); }

void Progress::Update(const ProgressState& state) {
  if (options_.quiet) return;
  const absl::Duration now = options_.clock->Monotonic();
  const absl::Duration since = now - last_;
  if (!options_.terminal) {
    if (last_ == -absl::InfiniteDuration()) last_ = now;  // The wait begins.
    if (now - last_ < kPlainInterval) return;
    last_ = now;
    *err_ << FormatProgress(state) << "\n" << std::flush;
    return;
  }
  if (since < kTerminalInterval) return;
  last_ = now;
  Draw(state);
}

void Progress::Draw(const ProgressState& state) {
  *err_ << kClearLine << state.label << " " << Bar(state) << Rest(state)
        << std::flush;
  drawn_ = true;
}

void Progress::Clear() {
  if (!drawn_) return;
  *err_ << kClearLine << std::flush;
  drawn_ = false;
}

}  // namespace quantd
