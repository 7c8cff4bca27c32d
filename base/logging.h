// Log lines on standard error: a time, a level, a message, and fields.
// Not here: errors for the caller (error.h), a job's own log (job events).
#ifndef QUANTD_BASE_LOGGING_H_
#define QUANTD_BASE_LOGGING_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quantd {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat {
  // 2026-11-21T04:37:26.123Z info job created job_id=j-1
  kText,
  // {"time":"2026-...Z","level":"info","message":"job created","job_id":"j-1"}
  kJson,
};

// A name and its value. Never secrets, never payloads.
struct LogField {
  LogField(absl::string_view name, absl::string_view value)
      : name(name), value(value) {}
  LogField(absl::string_view name, const char* value)
      : LogField(name, absl::string_view(value)) {}
  LogField(absl::string_view name, const std::string& value)
      : LogField(name, absl::string_view(value)) {}
  LogField(absl::string_view name, const absl::Status& value)
      : name(name), value(value.ToString()) {}
  LogField(absl::string_view name, const absl::AlphaNum& value)
      : name(name), value(value.Piece()) {}

  std::string name;
  std::string value;
};
using LogFields = std::initializer_list<LogField>;

// Threads: all of these are safe; a line is written whole. Lines below the
// level are not formatted.
//
// Example:
//   LogInfo("job created", {{"job_id", job.id()}, {"attempt", 1}});
void LogDebug(absl::string_view message, LogFields fields = {});
void LogInfo(absl::string_view message, LogFields fields = {});
void LogWarning(absl::string_view message, LogFields fields = {});
void LogError(absl::string_view message, LogFields fields = {});

// Defaults: kInfo, kText.
void SetLogLevel(LogLevel level);
void SetLogFormat(LogFormat format);

// From the values of the flags --log_level ("debug", "info", "warning",
// "error", "off") and --log_format ("text", "json"). INVALID_ARGUMENT.
absl::Status ConfigureLogging(absl::string_view level,
                              absl::string_view format);

// One line without its end, as it would be logged at `time_text`.
std::string FormatLogLine(LogFormat format, absl::string_view time_text,
                          LogLevel level, absl::string_view message,
                          LogFields fields);

}  // namespace quantd

#endif  // QUANTD_BASE_LOGGING_H_
