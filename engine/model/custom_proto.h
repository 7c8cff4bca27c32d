// Reads and writes Caffe files with the messages of a user's custom.proto.
// Layers that the engine does not run pass through unharmed; of layers that it
// runs under the user's own definition, it sees the fields that it knows by
// name.
// Not here: the rules of merging (proto_merge.h).
#ifndef QUANTD_ENGINE_MODEL_CUSTOM_PROTO_H_
#define QUANTD_ENGINE_MODEL_CUSTOM_PROTO_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The schema of Caffe files with a custom.proto merged into it.
//
// A net in memory holds the user's fields as unknown fields, with the user's
// numbers. Where the user redefines a field of ours (roi_pooling_param under
// another number, say), ours is set too, from the user's by names of fields;
// ToFile() leaves it out again.
//
// Threads: safe.
//
// Example:
//   ASSIGN_OR_RETURN(auto custom, CustomProto::Create(text, "custom.proto"));
//   ASSIGN_OR_RETURN(NetParameter net, custom->ParsePrototxt(prototxt, "p"));
//   ... graph passes ...
//   ASSIGN_OR_RETURN(std::string printed, custom->Print(net));
class CustomProto {
 public:
  // Errors: CUSTOM_PROTO_INVALID of MergeCustomProto(), and for types that are
  //   not known or definitions that contradict each other.
  static absl::StatusOr<std::unique_ptr<CustomProto>> Create(
      absl::string_view custom_proto, const std::string& file_name);
  CustomProto(const CustomProto&) = delete;
  CustomProto& operator=(const CustomProto&) = delete;

  // As ParseNetPrototxt() (prototxt.h).
  absl::StatusOr<caffe::NetParameter> ParsePrototxt(
      absl::string_view text, const std::string& file_name,
      std::vector<std::string>* warnings = nullptr) const;

  // Turns a net as a binary file has it (ParseCaffemodel()) into one in memory.
  void FromFile(caffe::NetParameter* net) const;
  // The reverse: what SerializeCaffemodel() is to write.
  void ToFile(caffe::NetParameter* net) const;

  // `net` as PrintPrototxt() prints it, with the user's fields. Blobs are
  // printed too, if there are any.
  // Errors: INTERNAL, INTERNAL_ERROR.
  absl::StatusOr<std::string> Print(const caffe::NetParameter& net) const;

 private:
  // A field of LayerParameter that the user redefines as a message.
  struct ReplacedField {
    const google::protobuf::FieldDescriptor* ours;
    const google::protobuf::FieldDescriptor* theirs;
    int kept_number;  // Of the unknown field that holds the user's bytes.
  };

  CustomProto() = default;

  void FromFile(caffe::LayerParameter* layer) const;
  void ToFile(caffe::LayerParameter* layer) const;

  google::protobuf::DescriptorPool pool_;
  // Makes messages of pool_; const functions of it are thread-safe.
  mutable google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Message* net_ = nullptr;  // The prototype.
  std::vector<ReplacedField> replaced_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_CUSTOM_PROTO_H_
