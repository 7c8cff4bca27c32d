#include "engine/model/custom_proto.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/model/names.h"
#include "engine/model/proto_merge.h"
#include "engine/model/prototxt.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/unknown_field_set.h"

namespace quantd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// Unknown fields from here on hold the user's bytes of replaced fields. They
// never leave the process.
constexpr int kFirstKeptNumber = 536000000;

// Keeps the first error.
class FirstError : public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element,
                const Message* descriptor, ErrorLocation location,
                const std::string& message) override {
    if (message_.empty()) {
      message_ = absl::StrCat(element, ": ", absl::Utf8SafeCHexEscape(message));
    }
  }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

// Takes all of field `number` out of `unknown`, one message's bytes after
// another, as protobuf merges them. False if there are none.
bool TakeBytes(int number, UnknownFieldSet* unknown, std::string* bytes) {
  bool found = false;
  for (int i = 0; i < unknown->field_count(); ++i) {
    const UnknownField& field = unknown->field(i);
    if (field.number() != number ||
        field.type() != UnknownField::TYPE_LENGTH_DELIMITED) {
      continue;
    }
    found = true;
    bytes->append(field.length_delimited());
  }
  if (found) unknown->DeleteByNumber(number);
  return found;
}

// Sets the fields of `to` that have the same name, kind and value in `from`.
void CopyByName(const Message& from, Message* to) {
  google::protobuf::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.AllowPartialMessage(true);
  parser.SetRecursionLimit(kMaxPrototxtDepth);
  // Errors are values that `to` cannot take: they stay away.
  class Ignore : public google::protobuf::io::ErrorCollector {
    void AddError(int, int, const std::string&) override {}
  } ignore;
  parser.RecordErrorsTo(&ignore);
  const std::unique_ptr<Message> copy(to->New());
  if (parser.ParseFromString(PrintPrototxt(from), copy.get())) {
    to->CopyFrom(*copy);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<CustomProto>> CustomProto::Create(
    absl::string_view custom_proto, const std::string& file_name) {
  ASSIGN_OR_RETURN(const MergedProto merged,
                   MergeCustomProto(custom_proto, file_name));
  auto custom = absl::WrapUnique(new CustomProto);
  FirstError errors;
  if (custom->pool_.BuildFileCollectingErrors(merged.file, &errors) ==
      nullptr) {
    return Error(absl::StatusCode::kInvalidArgument, "CUSTOM_PROTO_INVALID",
                 absl::StrCat(file_name, ": ", errors.message()),
                 {{"file", file_name}});
  }
  custom->net_ = custom->factory_.GetPrototype(
      custom->pool_.FindMessageTypeByName("caffe.NetParameter"));
  const auto* const ours = caffe::LayerParameter::descriptor();
  const auto* const theirs =
      custom->pool_.FindMessageTypeByName("caffe.LayerParameter");
  for (const std::string& name : merged.replaced_fields) {
    const ReplacedField field = {
        ours->FindFieldByName(name), theirs->FindFieldByName(name),
        kFirstKeptNumber + static_cast<int>(custom->replaced_.size())};
    if (field.ours->type() == FieldDescriptor::TYPE_MESSAGE &&
        field.theirs->type() == FieldDescriptor::TYPE_MESSAGE) {
      custom->replaced_.push_back(field);
    }
  }
  return custom;
}

absl::StatusOr<caffe::NetParameter> CustomProto::ParsePrototxt(
    absl::string_view text, const std::string& file_name,
    std::vector<std::string>* warnings) const {
  const std::unique_ptr<Message> parsed(net_->New());
  RETURN_IF_ERROR(
      quantd::ParsePrototxt(text, file_name, parsed.get(), warnings));
  caffe::NetParameter net;
  if (!net.ParsePartialFromString(parsed->SerializePartialAsString())) {
    return Error(absl::StatusCode::kInvalidArgument, "PROTOTXT_PARSE",
                 absl::StrCat(file_name,
                              ": the custom.proto gives a field a meaning that "
                              "cannot be read; rename that field"),
                 {{"file", file_name}});
  }
  RETURN_IF_ERROR(CheckNames(net, file_name));
  FromFile(&net);
  return net;
}

void CustomProto::FromFile(caffe::NetParameter* net) const {
  for (caffe::LayerParameter& layer : *net->mutable_layer()) FromFile(&layer);
}

void CustomProto::ToFile(caffe::NetParameter* net) const {
  for (caffe::LayerParameter& layer : *net->mutable_layer()) ToFile(&layer);
}

void CustomProto::FromFile(caffe::LayerParameter* layer) const {
  const auto* const reflection = caffe::LayerParameter::GetReflection();
  for (const ReplacedField& field : replaced_) {
    std::string bytes;
    const bool is_same_number = field.ours->number() == field.theirs->number();
    if (is_same_number) {
      if (!reflection->HasField(*layer, field.ours)) continue;
      bytes =
          reflection->GetMessage(*layer, field.ours).SerializePartialAsString();
    } else if (!TakeBytes(field.theirs->number(),
                          layer->mutable_unknown_fields(), &bytes)) {
      continue;
    }
    const std::unique_ptr<Message> theirs(
        factory_.GetPrototype(field.theirs->message_type())->New());
    if (theirs->ParsePartialFromString(bytes)) {
      CopyByName(*theirs, reflection->MutableMessage(layer, field.ours));
    }
    layer->mutable_unknown_fields()->AddLengthDelimited(field.kept_number,
                                                        bytes);
  }
}

void CustomProto::ToFile(caffe::LayerParameter* layer) const {
  const auto* const reflection = caffe::LayerParameter::GetReflection();
  for (const ReplacedField& field : replaced_) {
    std::string bytes;
    if (!TakeBytes(field.kept_number, layer->mutable_unknown_fields(),
                   &bytes)) {
      continue;
    }
    reflection->ClearField(layer, field.ours);
    if (field.ours->number() == field.theirs->number()) {
      reflection->MutableMessage(layer, field.ours)
          ->ParsePartialFromString(bytes);
    } else {
      layer->mutable_unknown_fields()->AddLengthDelimited(
          field.theirs->number(), bytes);
    }
  }
}

absl::StatusOr<std::string> CustomProto::Print(
    const caffe::NetParameter& net) const {
  caffe::NetParameter file = net;
  ToFile(&file);
  const std::unique_ptr<Message> theirs(net_->New());
  if (!theirs->ParsePartialFromString(file.SerializePartialAsString())) {
    return Error(absl::StatusCode::kInternal, "INTERNAL_ERROR",
                 "the net cannot be printed with the custom.proto");
  }
  return PrintPrototxt(*theirs);
}

}  // namespace quantd
