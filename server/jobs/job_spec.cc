#include "server/jobs/job_spec.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd::jobs {
namespace {

constexpr int64_t kMaxFileNameBytes = 255;
constexpr size_t kMaxNameBytes = 128;
constexpr int kMaxChannels = 4096;
constexpr int kMaxBatchSize = 65536;
constexpr int kMaxSources = 1000;  // Of one kind, in a TrainSpec.
constexpr int64_t kMaxRecordBytes = 64 << 20;

absl::Status Required(absl::string_view field) {
  return Error(absl::StatusCode::kInvalidArgument, "FIELD_REQUIRED",
               absl::StrCat("spec.", field, " is required; set it"),
               {{"field", std::string(field)}});
}

absl::Status OutOfRange(absl::string_view field, absl::string_view value,
                        absl::string_view allowed) {
  return Error(
      absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
      absl::StrCat("spec.", field, " is ", value, "; it must be ", allowed),
      {{"option", std::string(field)},
       {"value", std::string(value)},
       {"allowed", std::string(allowed)}});
}

absl::Status CheckRange(absl::string_view field, int64_t value, int64_t max) {
  if (value >= 0 && value <= max) return absl::OkStatus();
  return OutOfRange(field, absl::StrCat(value), absl::StrCat("0..", max));
}

bool IsDigest(absl::string_view text) {
  if (text.size() != 64) return false;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c) && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

absl::Status CheckBlobRef(absl::string_view field, const v1::BlobRef& ref) {
  if (!IsDigest(ref.sha256())) {
    return OutOfRange(absl::StrCat(field, ".sha256"),
                      absl::StrCat("of ", ref.sha256().size(), " bytes"),
                      "64 lower-case hexadecimal digits");
  }
  RETURN_IF_ERROR(CheckRange(absl::StrCat(field, ".size_bytes"),
                             ref.size_bytes(), int64_t{1} << 40));
  return CheckRange(absl::StrCat(field, ".file_name (bytes)"),
                    static_cast<int64_t>(ref.file_name().size()),
                    kMaxFileNameBytes);
}

absl::Status CheckModel(const v1::Model& model) {
  if (!model.has_prototxt()) return Required("model.prototxt");
  if (!model.has_weights()) return Required("model.weights");
  RETURN_IF_ERROR(CheckBlobRef("model.prototxt", model.prototxt()));
  return CheckBlobRef("model.weights", model.weights());
}

// A model whose weights may be absent; `kind` is the job's.
absl::Status CheckNetwork(const std::string& kind, const v1::Model& model) {
  if (!model.has_prototxt()) {
    return Required(absl::StrCat(kind, ".model.prototxt"));
  }
  RETURN_IF_ERROR(CheckBlobRef("model.prototxt", model.prototxt()));
  if (!model.has_weights()) return absl::OkStatus();
  return CheckBlobRef("model.weights", model.weights());
}

absl::Status CheckTarget(int target) {
  if (v1::Target_IsValid(target)) return absl::OkStatus();
  return OutOfRange("target", absl::StrCat(target), "a Target");
}

absl::Status CheckInspect(const v1::InspectSpec& spec) {
  RETURN_IF_ERROR(CheckNetwork("inspect", spec.model()));
  RETURN_IF_ERROR(CheckTarget(spec.target()));
  if (!spec.has_config()) return absl::OkStatus();
  return CheckBlobRef("config", spec.config());
}

absl::Status CheckTransform(const v1::Transform& transform) {
  if (transform.mean_value_size() > 0 && transform.has_mean_file()) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 "spec.transform has both mean_value and mean_file; give one",
                 {{"options", "mean_value, mean_file"}});
  }
  RETURN_IF_ERROR(CheckRange("transform.mean_value (count)",
                             transform.mean_value_size(), kMaxChannels));
  for (const float value : transform.mean_value()) {
    if (!std::isfinite(value)) {
      return OutOfRange("transform.mean_value", absl::StrCat(value), "finite");
    }
  }
  if (!std::isfinite(transform.scale())) {
    return OutOfRange("transform.scale", absl::StrCat(transform.scale()),
                      "finite");
  }
  RETURN_IF_ERROR(
      CheckRange("transform.crop_size", transform.crop_size(), 65536));
  RETURN_IF_ERROR(
      CheckRange("transform.resize_height", transform.resize_height(), 65536));
  RETURN_IF_ERROR(
      CheckRange("transform.resize_width", transform.resize_width(), 65536));
  if ((transform.resize_height() == 0) != (transform.resize_width() == 0)) {
    return Required("transform.resize_height and transform.resize_width");
  }
  if (!transform.has_mean_file()) return absl::OkStatus();
  return CheckBlobRef("transform.mean_file", transform.mean_file());
}

// Becomes the prefix of file names: [A-Za-z0-9._-]{0,128}, no leading dot.
absl::Status CheckName(absl::string_view name) {
  bool good = name.size() <= kMaxNameBytes && (name.empty() || name[0] != '.');
  for (const char c : name) {
    good &= absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  }
  if (good) return absl::OkStatus();
  return OutOfRange("name", absl::StrCat("of ", name.size(), " bytes"),
                    "[A-Za-z0-9._-]{1,128} without a leading dot");
}

absl::Status CheckSave(int save) {
  if (v1::SaveType_IsValid(save)) return absl::OkStatus();
  return OutOfRange("save", absl::StrCat(save), "a SaveType");
}

absl::Status CheckShiftBit(const v1::CalibrateSpec& spec) {
  if (!spec.search_shift_bit() || spec.target() == v1::TARGET_ASCEND) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
               "spec.search_shift_bit is only for target ascend: SS928 shifts "
               "no sums; leave it out",
               {{"options", "search_shift_bit, target"}});
}

absl::Status CheckDetection(const v1::DetectionSpec& spec) {
  if (!spec.has_truths()) return Required("detection.truths");
  return CheckBlobRef("detection.truths", spec.truths());
}

absl::Status CheckCalibrate(const v1::CalibrateSpec& spec) {
  if (!spec.has_model()) return Required("calibrate.model");
  RETURN_IF_ERROR(CheckModel(spec.model()));
  if (spec.dataset_id().empty()) return Required("calibrate.dataset_id");
  RETURN_IF_ERROR(CheckRange("batch_size", spec.batch_size(), kMaxBatchSize));
  RETURN_IF_ERROR(CheckRange("batch_num", spec.batch_num(), 1 << 30));
  RETURN_IF_ERROR(CheckTransform(spec.transform()));
  if (spec.has_config()) RETURN_IF_ERROR(CheckBlobRef("config", spec.config()));
  RETURN_IF_ERROR(CheckSave(spec.save()));
  RETURN_IF_ERROR(CheckTarget(spec.target()));
  RETURN_IF_ERROR(CheckShiftBit(spec));
  if (spec.has_detection()) {
    if (spec.eval_dataset_id().empty()) {
      return Required("calibrate.eval_dataset_id");
    }
    RETURN_IF_ERROR(CheckDetection(spec.detection()));
  }
  return CheckName(spec.name());
}

absl::Status CheckConvert(const v1::ConvertSpec& spec) {
  if (!spec.has_model()) return Required("convert.model");
  RETURN_IF_ERROR(CheckModel(spec.model()));
  if (!spec.has_record()) return Required("convert.record");
  RETURN_IF_ERROR(CheckBlobRef("convert.record", spec.record()));
  RETURN_IF_ERROR(CheckRange("convert.record.size_bytes",
                             spec.record().size_bytes(), kMaxRecordBytes));
  RETURN_IF_ERROR(CheckSave(spec.save()));
  RETURN_IF_ERROR(CheckTarget(spec.target()));
  return CheckName(spec.name());
}

absl::Status CheckEvaluate(const v1::EvaluateSpec& spec) {
  if (!spec.has_model()) return Required("evaluate.model");
  RETURN_IF_ERROR(CheckModel(spec.model()));
  if (spec.dataset_id().empty()) return Required("evaluate.dataset_id");
  if (spec.has_detection()) {
    RETURN_IF_ERROR(CheckDetection(spec.detection()));
  }
  RETURN_IF_ERROR(CheckRange("batch_size", spec.batch_size(), kMaxBatchSize));
  RETURN_IF_ERROR(
      CheckRange("max_records", spec.max_records(), int64_t{1} << 50));
  return CheckTransform(spec.transform());
}

absl::Status CheckCompare(const v1::CompareSpec& spec) {
  if (!spec.has_model()) return Required("compare.model");
  RETURN_IF_ERROR(CheckModel(spec.model()));
  if (!spec.has_quantized()) return Required("compare.quantized");
  RETURN_IF_ERROR(CheckModel(spec.quantized()));
  if (spec.dataset_id().empty()) return Required("compare.dataset_id");
  RETURN_IF_ERROR(CheckRange("batch_size", spec.batch_size(), kMaxBatchSize));
  RETURN_IF_ERROR(
      CheckRange("max_records", spec.max_records(), int64_t{1} << 50));
  RETURN_IF_ERROR(CheckTransform(spec.transform()));
  return CheckName(spec.name());
}

absl::Status CheckVerify(const v1::VerifySpec& spec) {
  if (!spec.has_deploy()) return Required("verify.deploy");
  RETURN_IF_ERROR(CheckModel(spec.deploy()));
  // The worker knows whether the deploy model needs one.
  if (spec.has_quant_param_record()) {
    RETURN_IF_ERROR(
        CheckBlobRef("verify.quant_param_record", spec.quant_param_record()));
    RETURN_IF_ERROR(CheckRange("verify.quant_param_record.size_bytes",
                               spec.quant_param_record().size_bytes(),
                               kMaxRecordBytes));
  }
  if (!spec.has_fake_quant()) return Required("verify.fake_quant");
  RETURN_IF_ERROR(CheckModel(spec.fake_quant()));
  if (spec.dataset_id().empty()) return Required("verify.dataset_id");
  RETURN_IF_ERROR(CheckRange("batch_size", spec.batch_size(), kMaxBatchSize));
  RETURN_IF_ERROR(
      CheckRange("max_records", spec.max_records(), int64_t{1} << 50));
  RETURN_IF_ERROR(CheckTransform(spec.transform()));
  return CheckName(spec.name());
}

absl::Status CheckTrain(const v1::TrainSpec& spec) {
  if (!spec.has_solver()) return Required("train.solver");
  RETURN_IF_ERROR(CheckBlobRef("train.solver", spec.solver()));
  if (spec.has_net()) RETURN_IF_ERROR(CheckBlobRef("train.net", spec.net()));
  RETURN_IF_ERROR(CheckRange("train.test_nets (count)", spec.test_nets_size(),
                             kMaxSources));
  RETURN_IF_ERROR(
      CheckRange("train.datasets (count)", spec.datasets_size(), kMaxSources));
  RETURN_IF_ERROR(
      CheckRange("train.files (count)", spec.files_size(), kMaxSources));
  RETURN_IF_ERROR(
      CheckRange("train.weights (count)", spec.weights_size(), kMaxSources));
  for (const v1::BlobRef& net : spec.test_nets()) {
    RETURN_IF_ERROR(CheckBlobRef("train.test_nets", net));
  }
  for (const v1::SourceDataset& dataset : spec.datasets()) {
    if (dataset.source().empty()) return Required("train.datasets.source");
    if (dataset.dataset_id().empty()) {
      return Required("train.datasets.dataset_id");
    }
  }
  for (const v1::SourceFile& file : spec.files()) {
    if (file.path().empty()) return Required("train.files.path");
    RETURN_IF_ERROR(CheckBlobRef("train.files.file", file.file()));
  }
  for (const v1::BlobRef& weights : spec.weights()) {
    RETURN_IF_ERROR(CheckBlobRef("train.weights", weights));
  }
  if (!spec.has_solver_state()) return absl::OkStatus();
  if (spec.weights_size() != 1) {
    return OutOfRange("train.weights (count)",
                      absl::StrCat(spec.weights_size()),
                      "1 beside a solver_state: the caffemodel that belongs to "
                      "it");
  }
  return CheckBlobRef("train.solver_state", spec.solver_state());
}

void AddModel(const v1::Model& model, std::vector<v1::BlobRef>* refs) {
  refs->push_back(model.prototxt());
  refs->push_back(model.weights());
}

void AddTransform(const v1::Transform& transform,
                  std::vector<v1::BlobRef>* refs) {
  if (transform.has_mean_file()) refs->push_back(transform.mean_file());
}

void AddNetwork(const v1::Model& model, std::vector<v1::BlobRef>* refs) {
  refs->push_back(model.prototxt());
  if (model.has_weights()) refs->push_back(model.weights());
}

void AddInspect(const v1::InspectSpec& spec, std::vector<v1::BlobRef>* refs) {
  AddNetwork(spec.model(), refs);
  if (spec.has_config()) refs->push_back(spec.config());
}

void AddTrain(const v1::TrainSpec& spec, std::vector<v1::BlobRef>* refs) {
  refs->push_back(spec.solver());
  if (spec.has_net()) refs->push_back(spec.net());
  refs->insert(refs->end(), spec.test_nets().begin(), spec.test_nets().end());
  for (const v1::SourceFile& file : spec.files()) refs->push_back(file.file());
  refs->insert(refs->end(), spec.weights().begin(), spec.weights().end());
  if (spec.has_solver_state()) refs->push_back(spec.solver_state());
}

}  // namespace

std::string JobKind(const v1::JobSpec& spec) {
  switch (spec.kind_case()) {
    case v1::JobSpec::kCalibrate:
      return "calibrate";
    case v1::JobSpec::kEvaluate:
      return "evaluate";
    case v1::JobSpec::kTrain:
      return "train";
    case v1::JobSpec::kCompare:
      return "compare";
    case v1::JobSpec::kInspect:
      return "inspect";
    case v1::JobSpec::kConvert:
      return "convert";
    case v1::JobSpec::kVerify:
      return "verify";
    case v1::JobSpec::kUninplace:
      return "uninplace";
    case v1::JobSpec::KIND_NOT_SET:
      break;
  }
  return "none";
}

std::string JobAlgorithm(const v1::JobSpec& spec) {
  return spec.has_calibrate() ? "arq_ifmr" : "none";
}

std::string JobDevice(const v1::JobSpec&) { return "cpu"; }

std::vector<v1::BlobRef> ListBlobs(const v1::JobSpec& spec) {
  std::vector<v1::BlobRef> refs;
  if (spec.has_calibrate()) {
    AddModel(spec.calibrate().model(), &refs);
    AddTransform(spec.calibrate().transform(), &refs);
    if (spec.calibrate().has_config()) {
      refs.push_back(spec.calibrate().config());
    }
    if (spec.calibrate().has_detection()) {
      refs.push_back(spec.calibrate().detection().truths());
    }
  } else if (spec.has_evaluate()) {
    AddModel(spec.evaluate().model(), &refs);
    AddTransform(spec.evaluate().transform(), &refs);
    if (spec.evaluate().has_detection()) {
      refs.push_back(spec.evaluate().detection().truths());
    }
  } else if (spec.has_train()) {
    AddTrain(spec.train(), &refs);
  } else if (spec.has_compare()) {
    AddModel(spec.compare().model(), &refs);
    AddModel(spec.compare().quantized(), &refs);
    AddTransform(spec.compare().transform(), &refs);
  } else if (spec.has_inspect()) {
    AddInspect(spec.inspect(), &refs);
  } else if (spec.has_uninplace()) {
    AddNetwork(spec.uninplace().model(), &refs);
  } else if (spec.has_convert()) {
    AddModel(spec.convert().model(), &refs);
    refs.push_back(spec.convert().record());
  } else if (spec.has_verify()) {
    AddModel(spec.verify().deploy(), &refs);
    if (spec.verify().has_quant_param_record()) {
      refs.push_back(spec.verify().quant_param_record());
    }
    AddModel(spec.verify().fake_quant(), &refs);
    AddTransform(spec.verify().transform(), &refs);
  }
  return refs;
}

std::vector<std::string> ListDatasets(const v1::JobSpec& spec) {
  std::vector<std::string> ids;
  if (spec.has_calibrate()) {
    ids.push_back(spec.calibrate().dataset_id());
    const std::string& eval_id = spec.calibrate().eval_dataset_id();
    if (!eval_id.empty() && eval_id != ids[0]) ids.push_back(eval_id);
  } else if (spec.has_evaluate()) {
    ids.push_back(spec.evaluate().dataset_id());
  } else if (spec.has_compare()) {
    ids.push_back(spec.compare().dataset_id());
  } else if (spec.has_verify()) {
    ids.push_back(spec.verify().dataset_id());
  } else if (spec.has_train()) {
    for (const v1::SourceDataset& dataset : spec.train().datasets()) {
      const std::string& id = dataset.dataset_id();
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
        ids.push_back(id);
      }
    }
  }
  return ids;
}

absl::Status CheckSpec(const v1::JobSpec& spec) {
  switch (spec.kind_case()) {
    case v1::JobSpec::kCalibrate:
      return CheckCalibrate(spec.calibrate());
    case v1::JobSpec::kEvaluate:
      return CheckEvaluate(spec.evaluate());
    case v1::JobSpec::kTrain:
      return CheckTrain(spec.train());
    case v1::JobSpec::kCompare:
      return CheckCompare(spec.compare());
    case v1::JobSpec::kInspect:
      return CheckInspect(spec.inspect());
    case v1::JobSpec::kConvert:
      return CheckConvert(spec.convert());
    case v1::JobSpec::kVerify:
      return CheckVerify(spec.verify());
    case v1::JobSpec::kUninplace:
      return CheckNetwork("uninplace", spec.uninplace().model());
    case v1::JobSpec::KIND_NOT_SET:
      break;
  }
  return Required(
      "kind (calibrate, convert, evaluate, compare, verify, train, inspect or "
      "uninplace)");
}

}  // namespace quantd::jobs
