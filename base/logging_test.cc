#include "base/logging.h"

#include "base/testing/status_matchers.h"
#include "nlohmann/json.hpp"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

constexpr char kTime[] = "2026-11-21T04:37:26.123Z";

TEST(LoggingTest, TextLineHasTimeLevelMessageAndFields) {
  EXPECT_EQ(
      FormatLogLine(LogFormat::kText, kTime, LogLevel::kInfo, "job created",
                    {{"job_id", "j-1"}, {"attempt", 2}, {"note", "a b"}}),
      "2026-11-21T04:37:26.123Z info job created job_id=j-1 attempt=2 "
      "note=\"a b\"");
}

TEST(LoggingTest, AMessageCannotForgeALine) {
  const std::string line = FormatLogLine(
      LogFormat::kText, kTime, LogLevel::kError, "a\nb", {{"x", "c\nd"}});
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
}

TEST(LoggingTest, JsonLineParses) {
  const std::string line =
      FormatLogLine(LogFormat::kJson, kTime, LogLevel::kWarning,
                    "quote \" and \xff", {{"job_id", "j-1"}});
  const auto json = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(json.is_object()) << line;
  EXPECT_EQ(json["time"], kTime);
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["job_id"], "j-1");
}

TEST(LoggingTest, LinesBelowTheLevelAreNotWritten) {
  ASSERT_OK(ConfigureLogging("warning", "json"));
  ::testing::internal::CaptureStderr();
  LogInfo("quiet");
  LogWarning("loud", {{"n", 1}});
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("quiet"), std::string::npos);
  EXPECT_NE(text.find("\"message\":\"loud\",\"n\":\"1\"}\n"), std::string::npos)
      << text;
  ASSERT_OK(ConfigureLogging("info", "text"));
}

TEST(LoggingTest, RefusesUnknownNames) {
  EXPECT_THAT(ConfigureLogging("loud", "text"),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(ConfigureLogging("info", "xml"),
              HasReason("OPTION_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd
