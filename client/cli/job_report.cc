#include "client/cli/job_report.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/accuracy_report.h"
#include "client/cli/output/cells.h"
#include "client/cli/output/format.h"
#include "client/cli/verify_report.h"

namespace quantd {
namespace {

bool Quantizes(const v1::JobSpec& spec) {
  return spec.has_calibrate() || spec.has_convert();
}

std::string OutputName(const v1::TestOutput& output) {
  return absl::StrCat(
      "test ", output.net(), " ", output.blob(),
      output.element() == 0 ? "" : absl::StrCat("[", output.element(), "]"));
}

void AddTrainRows(const v1::TrainResult& train, Table* table) {
  table->AddRow({"iterations", absl::StrCat(train.num_iterations())});
  table->AddRow({"loss", PlainNumber(train.loss())});
  for (const v1::TestOutput& output : train.test_outputs()) {
    table->AddRow({OutputName(output), PlainNumber(output.value())});
  }
}

// For scripts: a line a blob.
void AddCompareRows(const v1::CompareResult& compare, Table* table) {
  table->AddRow({"images", absl::StrCat(compare.num_images())});
  table->AddRow({"top1_agreement", PlainNumber(compare.top1_agreement())});
  for (const v1::BlobDifference& blob : compare.blobs()) {
    table->AddRow({absl::StrCat("sqnr_db.", blob.layer(), ".", blob.blob()),
                   PlainNumber(blob.sqnr_db())});
  }
}

void PrintCompare(CommandContext& context, const v1::CompareResult& compare) {
  Table table({"layer", "type", ">SQNR dB", ">cosine", ">max error",
               ">mean error", ">clipped"});
  for (const v1::BlobDifference& blob : compare.blobs()) {
    table.AddRow({blob.layer(), blob.type(),
                  absl::StrFormat("%.2f", blob.sqnr_db()),
                  absl::StrFormat("%.6f", blob.cosine()),
                  absl::StrFormat("%.4g", blob.max_error()),
                  absl::StrFormat("%.4g", blob.mean_error()),
                  blob.scale_d() == 0 ? "" : ShareCell(blob.clipped())});
  }
  context.Print(table);
  context.out() << "\n";
}

// For scripts: every value on a line of its own.
void PrintPlain(CommandContext& context, const v1::Job& job,
                const std::vector<std::string>& paths) {
  const v1::JobResult& result = job.result();
  Table table({"", ""});
  table.AddRow({"job", job.id()});
  table.AddRow({"state", StateName(job.state())});
  AddAccuracyRows(result, &table);
  if (Quantizes(job.spec())) {
    table.AddRow(
        {"layers.quantized", absl::StrCat(result.num_layers_quantized())});
    table.AddRow({"layers.float", absl::StrCat(result.num_layers_float())});
  }
  if (result.has_train()) AddTrainRows(result.train(), &table);
  if (result.has_compare()) AddCompareRows(result.compare(), &table);
  if (result.has_verify()) AddVerifyRows(result.verify(), &table);
  for (const v1::PhaseTime& phase : result.phase_times()) {
    table.AddRow({"seconds." + phase.phase(), PlainNumber(phase.seconds())});
  }
  table.AddRow({"peak_memory_bytes", absl::StrCat(result.peak_memory_bytes())});
  table.AddRow({"device", result.device()});
  for (const std::string& path : paths) table.AddRow({"file", path});
  context.Print(table);
}

void PrintForPeople(CommandContext& context, const v1::Job& job,
                    const std::vector<std::string>& paths) {
  const v1::JobResult& result = job.result();
  PrintAccuracy(context, result);
  if (result.has_compare()) PrintCompare(context, result.compare());
  if (result.has_verify()) PrintVerify(context, result.verify());
  Table table({"", ""});
  if (result.has_compare() && result.compare().top1_agreement() >= 0) {
    table.AddRow({"same top-1", ShareCell(result.compare().top1_agreement())});
    table.AddRow({"images", absl::StrCat(result.compare().num_images())});
  }
  if (Quantizes(job.spec())) {
    table.AddRow(
        {"layers", absl::StrCat(result.num_layers_quantized(), " quantized, ",
                                result.num_layers_float(), " left float")});
  }
  if (result.has_train()) AddTrainRows(result.train(), &table);
  std::string times;
  for (const v1::PhaseTime& phase : result.phase_times()) {
    absl::StrAppend(&times, times.empty() ? "" : ", ", phase.phase(), " ",
                    FormatSeconds(phase.seconds()));
  }
  if (!times.empty()) table.AddRow({"time", times});
  table.AddRow({"memory", FormatBytes(result.peak_memory_bytes())});
  table.AddRow({"device", result.device()});
  if (!job.warnings().empty()) {
    table.AddRow({"warnings", absl::StrCat(job.warnings_size())});
  }
  context.Print(table);
  if (paths.empty()) return;
  context.out() << "\n";
  Table files({"file", ">size"});
  for (size_t i = 0; i < paths.size(); ++i) {
    const int index = static_cast<int>(i);
    files.AddRow(
        {paths[i], index < job.artifacts_size()
                       ? FormatBytes(job.artifacts(index).blob().size_bytes())
                       : ""});
  }
  context.Print(files);
}

}  // namespace

Cell StateCell(v1::JobState state) {
  Cell cell(StateName(state));
  if (state == v1::JOB_STATE_SUCCEEDED) cell.color = "32";
  if (state == v1::JOB_STATE_FAILED) cell.color = "31";
  if (state == v1::JOB_STATE_RUNNING) cell.color = "36";
  return cell;
}

void PrintJobReport(CommandContext& context, const v1::Job& job,
                    const std::vector<std::string>& paths) {
  if (context.streams().out_terminal) {
    PrintForPeople(context, job, paths);
  } else {
    PrintPlain(context, job, paths);
  }
}

}  // namespace quantd
