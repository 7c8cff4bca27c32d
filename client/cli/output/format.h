// Values as text: for people, and for scripts.
#ifndef QUANTD_CLIENT_CLI_OUTPUT_FORMAT_H_
#define QUANTD_CLIENT_CLI_OUTPUT_FORMAT_H_

#include <cstdint>
#include <string>

#include "google/protobuf/timestamp.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// "512 B", "4.1 KiB", "2.0 GiB".
std::string FormatBytes(int64_t bytes);

// "0.42 s", "12.3 s", "3:07", "1:02:03".
std::string FormatSeconds(double seconds);

// "94.65 %" of 0.9465; "n/a" of negative values.
std::string FormatShare(double share);

// Shortest digits that give the same float again.
std::string FormatFloat(float value);

// RFC 3339 in UTC, to the second; "-" for an absent time.
std::string FormatTime(const google::protobuf::Timestamp& time);

// Seconds from start to end; negative if one is absent.
double SecondsBetween(const google::protobuf::Timestamp& start,
                      const google::protobuf::Timestamp& end);

// "SUCCEEDED", without the enum's prefix.
std::string StateName(v1::JobState state);

// Inverse of StateName, in any case; UNSPECIFIED for other text.
v1::JobState ParseStateName(const std::string& name);

// "calibrate", "evaluate", ...; "-" without a kind.
std::string KindName(const v1::JobSpec& spec);

// The spec's model; an empty one if the kind is not known.
const v1::Model& ModelOf(const v1::JobSpec& spec);
// Name of the prototxt, or of the solver.
std::string MainFileOf(const v1::JobSpec& spec);
// Id of the data set that a job reads; empty for those with several.
std::string DatasetOf(const v1::JobSpec& spec);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_OUTPUT_FORMAT_H_
