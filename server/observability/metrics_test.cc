#include "server/observability/metrics.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// name -> type, of every family in the text.
std::map<std::string, std::string> Types(const std::string& text) {
  std::map<std::string, std::string> types;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() == 4 && words[1] == "TYPE") types[words[2]] = words[3];
  }
  return types;
}

void UseAll(Metrics* metrics) {
  metrics->CountJobEnded("calibrate", "FAILED", "arq_ifmr", "PROTOTXT_PARSE",
                         absl::Seconds(3));
  metrics->CountUpload("complete");
  metrics->CountRpc("JobService/GetJob", "OK", absl::Milliseconds(3));
}

TEST(MetricsTest, PromisedNamesAreThere) {
  Metrics metrics("0.1.0");
  UseAll(&metrics);
  const auto types = Types(metrics.ToText());
  for (const char* name :
       {"quantd_jobs_total", "quantd_job_duration_seconds",
        "quantd_job_queue_seconds", "quantd_phase_seconds",
        "quantd_queue_depth", "quantd_worker_slots",
        "quantd_worker_restarts_total", "quantd_calibration_images_total",
        "quantd_store_write_seconds", "quantd_bug_total",
        "grpc_server_handled_total", "grpc_server_handling_seconds",
        "quantd_build_info", "process_resident_memory_bytes",
        "process_cpu_seconds_total"}) {
    EXPECT_EQ(types.count(name), 1u) << name;
  }
}

TEST(MetricsTest, NamesFollowTheRules) {
  Metrics metrics("0.1.0");
  UseAll(&metrics);
  const std::string text = metrics.ToText();
  for (const auto& [name, type] : Types(text)) {
    EXPECT_TRUE(absl::StartsWith(name, "quantd_") ||
                absl::StartsWith(name, "grpc_server_") ||
                absl::StartsWith(name, "process_"))
        << name;
    if (type == "counter") {
      EXPECT_TRUE(absl::EndsWith(name, "_total")) << name;
    }
    if (type == "histogram") {
      EXPECT_TRUE(absl::EndsWith(name, "_seconds") ||
                  absl::EndsWith(name, "_bytes"))
          << name;
    }
    EXPECT_THAT(text, HasSubstr(absl::StrCat("# HELP ", name, " ")));
    EXPECT_THAT(text, Not(HasSubstr(absl::StrCat("# HELP ", name, " \n"))));
  }
}

TEST(MetricsTest, FewerThanFiveHundredSeries) {
  Metrics metrics("0.1.0");
  UseAll(&metrics);
  int series = 0;
  for (absl::string_view line : absl::StrSplit(metrics.ToText(), '\n')) {
    series += !line.empty() && line[0] != '#';
  }
  EXPECT_LT(series, 500);
}

TEST(MetricsTest, LabelsFromWorkersAreBounded) {
  Metrics metrics("0.1.0");
  for (int i = 0; i < 1000; ++i) {
    metrics.ObservePhase(absl::StrCat("PHASE", i), 1);
    metrics.CountJobEnded("calibrate", "FAILED", "arq_ifmr",
                          absl::StrCat("R_", i), absl::Seconds(1));
    metrics.CountJobEnded("calibrate", "FAILED", "arq_ifmr",
                          absl::StrCat("bad \"reason", i), absl::Seconds(1));
  }
  const std::string text = metrics.ToText();
  EXPECT_THAT(text, HasSubstr("quantd_phase_seconds_count{phase=\"other\"} "
                              "1000"));
  EXPECT_THAT(text, Not(HasSubstr("R_500")));
  EXPECT_THAT(text, Not(HasSubstr("bad")));
}

TEST(MetricsTest, BugsAreCounted) {
  Metrics metrics("0.1.0");
  EXPECT_EQ(metrics.num_bugs(), 0);
  metrics.Bug("test", "a test breaks an invariant");
  EXPECT_EQ(metrics.num_bugs(), 1);
  EXPECT_THAT(metrics.ToText(), HasSubstr("quantd_bug_total{site=\"test\"} 1"));
}

}  // namespace
}  // namespace quantd
