#include "engine/model/proto_merge.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

constexpr int64_t kMaxBytes = int64_t{1} << 20;
constexpr int kMaxDepth = 32;
constexpr char kPackage[] = "caffe";
constexpr char kLayer[] = "LayerParameter";
// Numbers of LayerParameter.
constexpr int kLastOfCaffe = 146;
constexpr int kQuantParam = 208;
constexpr int kFirstOfAmct = 200000;
constexpr int kLastOfAmct = 399999;

absl::Status Invalid(const std::string& file_name, const std::string& what,
                     int line = 0) {
  ErrorMetadata metadata = {{"file", file_name}};
  if (line > 0) metadata["line"] = absl::StrCat(line);
  const std::string place =
      line > 0 ? absl::StrCat(file_name, ":", line) : file_name;
  return Error(absl::StatusCode::kInvalidArgument, "CUSTOM_PROTO_INVALID",
               absl::StrCat(place, ": ", what), std::move(metadata));
}

bool IsAmctMessage(const std::string& name) {
  static const auto* const kNames = new absl::flat_hash_set<std::string>{
      "QuantParameter",    "DeQuantParameter",
      "IFMRParameter",     "LSTMQuantParameter",
      "SearchNParameter",  "RetrainDataQuantParameter",
      "SingleLayerRecord", "RetrainWeightQuantParameter",
      "ScaleOffsetRecord", "LstmCalibrationParameter",
  };
  return kNames->contains(name);
}

// What every file is made of.
bool IsStructure(const std::string& name) {
  static const auto* const kNames = new absl::flat_hash_set<std::string>{
      "BlobProto",        "BlobProtoVector", "BlobShape", "Datum",
      "NetParameter",     "NetState",        "ParamSpec", "NetStateRule",
      "SolverParameter",  "SolverState",     "Phase",     "V0LayerParameter",
      "V1LayerParameter",
  };
  return kNames->contains(name);
}

bool IsAmctNumber(int number) {
  return number == kQuantParam ||
         (number >= kFirstOfAmct && number <= kLastOfAmct);
}

// Keeps the first error.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!message_.empty()) return;
    line_ = line + 1;
    message_ = absl::Utf8SafeCHexEscape(message);
  }
  int line() const { return line_; }
  const std::string& message() const { return message_; }

 private:
  int line_ = 0;
  std::string message_;
};

// The deepest nesting of braces; those in comments and strings count too,
// protobuf's parser would recurse into no more.
int BraceDepth(absl::string_view text) {
  int depth = 0;
  int deepest = 0;
  for (const char c : text) {
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    depth = std::max(depth, 0);
    deepest = std::max(deepest, depth);
  }
  return deepest;
}

absl::StatusOr<FileDescriptorProto> Parse(absl::string_view text,
                                          const std::string& file_name) {
  if (static_cast<int64_t>(text.size()) > kMaxBytes) {
    return Invalid(file_name, absl::StrCat("the file has ", text.size(),
                                           " bytes; the limit is ", kMaxBytes));
  }
  if (BraceDepth(text) > kMaxDepth) {
    return Invalid(file_name, absl::StrCat("braces nest deeper than ",
                                           kMaxDepth, "; flatten them"));
  }
  FirstError errors;
  google::protobuf::io::ArrayInputStream stream(text.data(),
                                                static_cast<int>(text.size()));
  google::protobuf::io::Tokenizer tokenizer(&stream, &errors);
  google::protobuf::compiler::Parser parser;
  parser.RecordErrorsTo(&errors);
  // It logs a warning if `syntax` is absent, as it is in AMCT's samples.
  const google::protobuf::LogSilencer silencer;
  FileDescriptorProto file;
  if (!parser.Parse(&tokenizer, &file) || !errors.message().empty()) {
    return Invalid(file_name, errors.message(), errors.line());
  }
  return file;
}

// The built-in schema as one file.
FileDescriptorProto BuiltIn() {
  const FileDescriptor* const caffe = caffe::NetParameter::descriptor()->file();
  FileDescriptorProto file;
  caffe->CopyTo(&file);
  file.set_name("caffe.proto");
  file.clear_dependency();
  for (int i = 0; i < caffe->dependency_count(); ++i) {
    FileDescriptorProto imported;
    caffe->dependency(i)->CopyTo(&imported);
    for (DescriptorProto& message : *imported.mutable_message_type()) {
      file.add_message_type()->Swap(&message);
    }
    for (auto& enumeration : *imported.mutable_enum_type()) {
      file.add_enum_type()->Swap(&enumeration);
    }
  }
  return file;
}

class Merger {
 public:
  explicit Merger(const std::string& file_name) : file_name_(file_name) {
    merged_.file = BuiltIn();
    for (DescriptorProto& message : *merged_.file.mutable_message_type()) {
      if (message.name() == kLayer) layer_ = &message;
    }
  }

  absl::Status Merge(const FileDescriptorProto& custom) {
    RETURN_IF_ERROR(CheckFile(custom));
    for (const DescriptorProto& message : custom.message_type()) {
      if (message.name() == kLayer) {
        for (const FieldDescriptorProto& field : message.field()) {
          RETURN_IF_ERROR(AddLayerField(field));
        }
        for (const DescriptorProto& nested : message.nested_type()) {
          *layer_->add_nested_type() = nested;
        }
        for (const auto& nested : message.enum_type()) {
          *layer_->add_enum_type() = nested;
        }
        continue;
      }
      RETURN_IF_ERROR(CheckName(message.name()));
      Remove(message.name());
      added_.push_back(message);
    }
    for (const auto& enumeration : custom.enum_type()) {
      RETURN_IF_ERROR(CheckName(enumeration.name()));
      Remove(enumeration.name());
      *merged_.file.add_enum_type() = enumeration;
    }
    for (DescriptorProto& message : added_) {
      merged_.file.add_message_type()->Swap(&message);
    }
    return absl::OkStatus();
  }

  MergedProto Finish() && { return std::move(merged_); }

 private:
  absl::Status CheckFile(const FileDescriptorProto& custom) const {
    if (custom.dependency_size() > 0) {
      return Invalid(file_name_, "import is not supported; copy the messages");
    }
    if (custom.has_package() && custom.package() != kPackage) {
      return Invalid(file_name_, absl::StrCat("package ", custom.package(),
                                              "; it must be caffe or absent"));
    }
    if (custom.syntax() == "proto3") {
      return Invalid(file_name_, "syntax proto3; it must be proto2");
    }
    if (custom.extension_size() > 0 || custom.service_size() > 0) {
      return Invalid(file_name_,
                     "extensions and services are not supported; remove them");
    }
    return absl::OkStatus();
  }

  absl::Status CheckName(const std::string& name) const {
    if (IsAmctMessage(name)) {
      return Invalid(file_name_,
                     absl::StrCat("Find duplicate message define of ", name,
                                  "; AMCT has it, choose another name"));
    }
    if (!IsStructure(name)) return absl::OkStatus();
    return Invalid(file_name_, absl::StrCat("message ", name,
                                            " cannot be replaced; choose "
                                            "another name"));
  }

  absl::Status AddLayerField(const FieldDescriptorProto& field) {
    if (field.label() != FieldDescriptorProto::LABEL_OPTIONAL) {
      return Invalid(file_name_,
                     absl::StrCat("field ", field.name(),
                                  " of LayerParameter must be optional"));
    }
    auto* const fields = layer_->mutable_field();
    for (auto old = fields->begin(); old != fields->end(); ++old) {
      if (old->number() != field.number() || old->name() == field.name()) {
        continue;
      }
      return Invalid(
          file_name_,
          absl::StrCat("Field number ", field.number(),
                       " has already been used in \"caffe.LayerParameter\" by "
                       "field \"",
                       old->name(), "\"; choose another number"));
    }
    for (auto old = fields->begin(); old != fields->end(); ++old) {
      if (old->name() != field.name()) continue;
      const bool is_fixed =
          old->number() <= kLastOfCaffe && old->number() != field.number();
      const bool is_twice =
          std::find(own_.begin(), own_.end(), field.name()) != own_.end();
      if (IsAmctNumber(old->number()) || is_fixed || is_twice) {
        return Invalid(file_name_,
                       absl::StrCat("\"", field.name(),
                                    "\" is already defined in "
                                    "\"caffe.LayerParameter\"; choose another "
                                    "name"));
      }
      fields->erase(old);
      merged_.replaced_fields.push_back(field.name());
      break;
    }
    own_.push_back(field.name());
    *layer_->add_field() = field;
    return absl::OkStatus();
  }

  // Removes a built-in message or enum.
  void Remove(const std::string& name) {
    const auto remove = [&name](auto* all) {
      all->erase(std::remove_if(
                     all->begin(), all->end(),
                     [&name](const auto& one) { return one.name() == name; }),
                 all->end());
    };
    remove(merged_.file.mutable_message_type());
    remove(merged_.file.mutable_enum_type());
    // The messages have moved.
    for (DescriptorProto& message : *merged_.file.mutable_message_type()) {
      if (message.name() == kLayer) layer_ = &message;
    }
  }

  const std::string& file_name_;
  MergedProto merged_;
  DescriptorProto* layer_ = nullptr;
  std::vector<std::string> own_;  // The user's fields of LayerParameter.
  std::vector<DescriptorProto> added_;
};

}  // namespace

absl::StatusOr<MergedProto> MergeCustomProto(absl::string_view custom_proto,
                                             const std::string& file_name) {
  ASSIGN_OR_RETURN(const FileDescriptorProto custom,
                   Parse(custom_proto, file_name));
  Merger merger(file_name);
  RETURN_IF_ERROR(merger.Merge(custom));
  return std::move(merger).Finish();
}

}  // namespace quantd
