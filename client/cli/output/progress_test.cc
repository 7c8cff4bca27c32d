#include "client/cli/output/progress.h"

#include <sstream>

#include "gtest/gtest.h"

namespace quantd {
namespace {

class TestClock : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch() + now; }
  absl::Duration Monotonic() const override { return now; }
  absl::Duration now = absl::Seconds(1000);
};

class ProgressTest : public ::testing::Test {
 protected:
  Progress Make(bool terminal, bool quiet) {
    Progress::Options options;
    options.terminal = terminal;
    options.quiet = quiet;
    options.clock = &clock_;
    return Progress(options, &err_);
  }

  // 100 updates, one every 50 ms: 5 s.
  void Run(Progress* progress) {
    for (int i = 1; i <= 100; ++i) {
      progress->Update({"LOAD", i, 100, "layers"});
      clock_.now += absl::Milliseconds(50);
    }
  }

  TestClock clock_;
  std::ostringstream err_;
};

TEST_F(ProgressTest, TextHasAllThatIsKnown) {
  ProgressState state{"STATISTICS", 3, 10, "batches"};
  EXPECT_EQ(FormatProgress(state), "STATISTICS 3/10 batches");
  state.images_per_second = 120.4;
  state.seconds_left = 0.416;
  EXPECT_EQ(FormatProgress(state),
            "STATISTICS 3/10 batches, 120 images/s, 0.42 s left");
  EXPECT_EQ(FormatProgress({"LOAD", 0, 0, ""}), "LOAD");
  EXPECT_EQ(FormatProgress({"upload a", 1024, 4096, "bytes"}),
            "upload a 1.0 KiB/4.0 KiB");
}

TEST_F(ProgressTest, BarOnATerminalIsDrawnTenTimesASecondAtMost) {
  Progress progress = Make(true, false);
  Run(&progress);
  const std::string text = err_.str();
  size_t draws = 0;
  for (char c : text) draws += c == '\r';
  EXPECT_EQ(draws, 50);
  EXPECT_EQ(text.substr(0, text.find('\r', 1)),
            "\r\033[KLOAD [....................] 1/100 layers");
}

TEST_F(ProgressTest, BarIsRemovedAtTheEnd) {
  {
    Progress progress = Make(true, false);
    progress.Update({"LOAD", 5, 10, ""});
  }
  EXPECT_EQ(err_.str(), "\r\033[KLOAD [##########..........] 5/10\r\033[K");
}

TEST_F(ProgressTest, PlainLineEveryTenSecondsElsewhere) {
  Progress progress = Make(false, false);
  for (int i = 0; i < 5; ++i) Run(&progress);  // 25 s.
  EXPECT_EQ(err_.str(), "LOAD 1/100 layers\nLOAD 1/100 layers\n");
}

TEST_F(ProgressTest, NothingWhenQuiet) {
  Progress progress = Make(true, true);
  Run(&progress);
  progress.Clear();
  EXPECT_EQ(err_.str(), "");
}

}  // namespace
}  // namespace quantd
