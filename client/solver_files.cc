#include "client/solver_files.h"

#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/input_file.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

constexpr int64_t kMaxPrototxtBytes = 64 << 20;

// Keeps the first error; warnings (unknown fields) are the server's business.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!message_.empty()) return;
    message_ = absl::StrCat(line + 1, ":", column + 1, ": ", message);
  }
  void AddWarning(int, int, const std::string&) override {}
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

absl::Status ReadText(const std::string& path,
                      google::protobuf::Message* message) {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadInputFile(path, kMaxPrototxtBytes));
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.AllowUnknownField(true);
  parser.AllowPartialMessage(true);
  parser.SetRecursionLimit(100);
  if (parser.ParseFromString(text, message)) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "PROTOTXT_PARSE",
               absl::StrCat(path, ":", errors.message(), "; correct it there"),
               {{"file", path}});
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

class Finder {
 public:
  explicit Finder(const std::string& solver_path)
      : directory_(DirectoryOf(solver_path)) {
    files_.solver = solver_path;
  }

  absl::StatusOr<SolverFiles> Find() && {
    caffe::SolverParameter solver;
    RETURN_IF_ERROR(ReadText(files_.solver, &solver));
    if (solver.has_net() || solver.has_train_net()) {
      const std::string field = solver.has_net() ? "net" : "train_net";
      RETURN_IF_ERROR(AddNetFile(
          field, solver.has_net() ? solver.net() : solver.train_net(),
          &files_.net));
    }
    for (const std::string& name : solver.test_net()) {
      files_.test_nets.emplace_back();
      RETURN_IF_ERROR(AddNetFile("test_net", name, &files_.test_nets.back()));
    }
    if (solver.has_net_param()) RETURN_IF_ERROR(AddNet(solver.net_param()));
    if (solver.has_train_net_param()) {
      RETURN_IF_ERROR(AddNet(solver.train_net_param()));
    }
    for (const caffe::NetParameter& net : solver.test_net_param()) {
      RETURN_IF_ERROR(AddNet(net));
    }
    return std::move(files_);
  }

 private:
  absl::Status AddNetFile(const std::string& field, const std::string& name,
                          std::string* path) {
    ASSIGN_OR_RETURN(*path, Resolve(field, name));
    caffe::NetParameter net;
    RETURN_IF_ERROR(ReadText(*path, &net));
    return AddNet(net);
  }

  absl::Status AddNet(const caffe::NetParameter& net) {
    for (const caffe::LayerParameter& layer : net.layer()) {
      RETURN_IF_ERROR(AddData(layer.data_param(), layer.transform_param()));
      RETURN_IF_ERROR(AddFile("infogain_loss_param.source",
                              layer.infogain_loss_param().source()));
    }
    for (const caffe::V1LayerParameter& layer : net.layers()) {
      RETURN_IF_ERROR(AddData(layer.data_param(), layer.transform_param()));
      RETURN_IF_ERROR(AddFile("infogain_loss_param.source",
                              layer.infogain_loss_param().source()));
    }
    return absl::OkStatus();
  }

  absl::Status AddData(const caffe::DataParameter& data,
                       const caffe::TransformationParameter& transform) {
    RETURN_IF_ERROR(
        AddFile("transform_param.mean_file", transform.mean_file()));
    RETURN_IF_ERROR(AddFile("data_param.mean_file", data.mean_file()));
    if (data.source().empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(files_.datasets[data.source()],
                     Resolve("data_param.source", data.source()));
    return absl::OkStatus();
  }

  absl::Status AddFile(const std::string& field, const std::string& name) {
    if (name.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string path, Resolve(field, name));
    RETURN_IF_ERROR(CheckInputFile(path));
    files_.files[name] = path;
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Resolve(const std::string& field,
                                      const std::string& name) const {
    if (Exists(name)) return name;
    const std::string beside = directory_ + name;
    if (!absl::StartsWith(name, "/") && Exists(beside)) return beside;
    return Error(
        absl::StatusCode::kFailedPrecondition, "FILE_NOT_FOUND",
        absl::StrCat(field, " \"", name, "\" of ", files_.solver,
                     " is neither in the working directory nor beside the "
                     "solver; correct the path"),
        {{"file", name}, {"field", field}});
  }

  const std::string directory_;  // Of the solver, with '/', or empty.
  SolverFiles files_;
};

}  // namespace

absl::StatusOr<SolverFiles> FindSolverFiles(const std::string& solver_path) {
  return Finder(solver_path).Find();
}

absl::StatusOr<std::string> WeightsOfSolverState(const std::string& path) {
  absl::string_view stem = path;
  absl::ConsumeSuffix(&stem, ".h5");
  if (absl::ConsumeSuffix(&stem, ".solverstate")) {
    for (const char* extension : {".caffemodel", ".caffemodel.h5"}) {
      const std::string weights = absl::StrCat(stem, extension);
      if (Exists(weights)) return weights;
    }
  }
  return Error(absl::StatusCode::kFailedPrecondition, "FILE_NOT_FOUND",
               absl::StrCat(path, ": no ", stem,
                            ".caffemodel is beside it; copy the caffemodel of "
                            "the same snapshot there"),
               {{"file", path}});
}

}  // namespace quantd
