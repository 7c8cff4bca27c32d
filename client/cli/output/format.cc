#include "client/cli/output/format.h"

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace quantd {
namespace {

constexpr char kStatePrefix[] = "JOB_STATE_";

bool IsSet(const google::protobuf::Timestamp& time) {
  return time.seconds() != 0 || time.nanos() != 0;
}

}  // namespace

std::string FormatBytes(int64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = bytes;
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return absl::StrFormat("%.1f %s", value, unit);
}

std::string FormatSeconds(double seconds) {
  if (!(seconds >= 0)) return "-";
  if (seconds < 10) return absl::StrFormat("%.2f s", seconds);
  if (seconds < 60) return absl::StrFormat("%.1f s", seconds);
  const int64_t whole = std::llround(seconds);
  if (whole < 3600) return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60,
                         whole % 60);
}

std::string FormatShare(double share) {
  return share < 0 ? "n/a" : absl::StrFormat("%.2f %%", 100 * share);
}

std::string FormatFloat(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end.ptr);
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (!IsSet(time)) return "-";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                          absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

double SecondsBetween(const google::protobuf::Timestamp& start,
                      const google::protobuf::Timestamp& end) {
  if (!IsSet(start) || !IsSet(end)) return -1;
  return static_cast<double>(end.seconds() - start.seconds()) +
         1e-9 * (end.nanos() - start.nanos());
}

std::string StateName(v1::JobState state) {
  const std::string name = v1::JobState_Name(state);
  return name.empty() ? absl::StrCat(static_cast<int>(state))
                      : std::string(absl::StripPrefix(name, kStatePrefix));
}

v1::JobState ParseStateName(const std::string& name) {
  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
  v1::JobState_Parse(kStatePrefix + absl::AsciiStrToUpper(name), &state);
  return state;
}

std::string KindName(const v1::JobSpec& spec) {
  const auto* kinds = v1::JobSpec::descriptor()->FindOneofByName("kind");
  const auto* kind =
      v1::JobSpec::GetReflection()->GetOneofFieldDescriptor(spec, kinds);
  return kind == nullptr ? "-" : kind->name();
}

const v1::Model& ModelOf(const v1::JobSpec& spec) {
  if (spec.has_calibrate()) return spec.calibrate().model();
  if (spec.has_compare()) return spec.compare().model();
  if (spec.has_inspect()) return spec.inspect().model();
  if (spec.has_convert()) return spec.convert().model();
  if (spec.has_uninplace()) return spec.uninplace().model();
  if (spec.has_verify()) return spec.verify().deploy();
  return spec.evaluate().model();
}

std::string MainFileOf(const v1::JobSpec& spec) {
  return spec.has_train() ? spec.train().solver().file_name()
                          : ModelOf(spec).prototxt().file_name();
}

std::string DatasetOf(const v1::JobSpec& spec) {
  if (spec.has_calibrate()) return spec.calibrate().dataset_id();
  if (spec.has_compare()) return spec.compare().dataset_id();
  if (spec.has_verify()) return spec.verify().dataset_id();
  return spec.evaluate().dataset_id();
}

}  // namespace quantd
