#include "base/logging.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace quantd {
namespace {

constexpr const char* kLevelNames[] = {"debug", "info", "warning", "error",
                                       "off"};

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kText};

// A sink that writes whole lines; format and level are ours.
spdlog::logger* Logger() {
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger(
        "quantd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    made->set_error_handler([](const std::string&) {});
    return made;
  }();
  return logger;
}

// Values with spaces, quotes or control characters are quoted.
std::string TextValue(const std::string& value) {
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == 0x7f) {
      return absl::StrCat("\"", absl::Utf8SafeCEscape(value), "\"");
    }
  }
  return value.empty() ? "\"\"" : value;
}

std::string TextLine(absl::string_view time_text, LogLevel level,
                     absl::string_view message, LogFields fields) {
  std::string line =
      absl::StrCat(time_text, " ", kLevelNames[static_cast<int>(level)], " ",
                   absl::Utf8SafeCEscape(message));
  for (const LogField& field : fields) {
    absl::StrAppend(&line, " ", field.name, "=", TextValue(field.value));
  }
  return line;
}

std::string JsonLine(absl::string_view time_text, LogLevel level,
                     absl::string_view message, LogFields fields) {
  nlohmann::ordered_json line;
  line["time"] = std::string(time_text);
  line["level"] = kLevelNames[static_cast<int>(level)];
  line["message"] = std::string(message);
  for (const LogField& field : fields) line[field.name] = field.value;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Log(LogLevel level, absl::string_view message, LogFields fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  const std::string time_text = absl::FormatTime(
      "%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string line =
      FormatLogLine(g_format, time_text, level, message, fields);
  Logger()->log(spdlog::level::info, spdlog::string_view_t(line));
}

}  // namespace

void LogDebug(absl::string_view message, LogFields fields) {
  Log(LogLevel::kDebug, message, fields);
}
void LogInfo(absl::string_view message, LogFields fields) {
  Log(LogLevel::kInfo, message, fields);
}
void LogWarning(absl::string_view message, LogFields fields) {
  Log(LogLevel::kWarning, message, fields);
}
void LogError(absl::string_view message, LogFields fields) {
  Log(LogLevel::kError, message, fields);
}

void SetLogLevel(LogLevel level) { g_level = level; }
void SetLogFormat(LogFormat format) { g_format = format; }

absl::Status ConfigureLogging(absl::string_view level,
                              absl::string_view format) {
  if (format != "text" && format != "json") {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                 absl::StrCat("--log_format=", format, ": use text or json"),
                 {{"option", "log_format"}, {"value", std::string(format)}});
  }
  for (int i = 0; i <= static_cast<int>(LogLevel::kOff); ++i) {
    if (level != kLevelNames[i]) continue;
    SetLogLevel(static_cast<LogLevel>(i));
    SetLogFormat(format == "json" ? LogFormat::kJson : LogFormat::kText);
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat("--log_level=", level,
                            ": use debug, info, warning, error or off"),
               {{"option", "log_level"}, {"value", std::string(level)}});
}

std::string FormatLogLine(LogFormat format, absl::string_view time_text,
                          LogLevel level, absl::string_view message,
                          LogFields fields) {
  return format == LogFormat::kJson
             ? JsonLine(time_text, level, message, fields)
             : TextLine(time_text, level, message, fields);
}

}  // namespace quantd
