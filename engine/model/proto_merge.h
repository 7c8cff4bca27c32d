// Merges a user's custom.proto into the schema of Caffe files, by AMCT's rules.
// Not here: reading files with the result (custom_proto.h).
#ifndef QUANTD_ENGINE_MODEL_PROTO_MERGE_H_
#define QUANTD_ENGINE_MODEL_PROTO_MERGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.pb.h"

namespace quantd {

struct MergedProto {
  // Package caffe, one file, no imports.
  google::protobuf::FileDescriptorProto file;
  // Fields of LayerParameter that the user defines and that have the name of a
  // field that was there: the user's takes its place.
  std::vector<std::string> replaced_fields;
};

// `custom_proto` has `message LayerParameter` with one optional field for each
// new layer, and the messages of these fields (AMCT's guide, "proto merge").
//   1. A field whose number or name AMCT uses (208, 200000 to 399999) is an
//      error.
//   2. So is a message that has the name of one of AMCT's.
//   3. So is a field with a number that Caffe or ATC uses for another field, or
//      with a name of Caffe's (up to 146) and another number. A name of
//      ATC's, whose numbers are not all public, may have another number: the
//      user's field replaces it.
//   4. A message that has the name of another message replaces it.
// Messages that every file is made of (NetParameter, BlobProto, ...) cannot be
// replaced.
// Errors: INVALID_ARGUMENT, CUSTOM_PROTO_INVALID with file and, where it has
//   one, line: bad syntax, a rule that is broken, a field that is not optional,
//   imports, a package other than caffe, more than 1 MiB, nesting beyond 32.
absl::StatusOr<MergedProto> MergeCustomProto(absl::string_view custom_proto,
                                             const std::string& file_name);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_PROTO_MERGE_H_
