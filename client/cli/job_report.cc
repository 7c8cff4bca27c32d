#include "client/cli/job_report.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/output/format.h"
#include "client/cli/verify_report.h"

namespace quantd {
namespace {

std::string Number(double value) { return absl::StrFormat("%.9g", value); }

bool Quantizes(const v1::JobSpec& spec) {
  return spec.has_calibrate() || spec.has_convert();
}

Cell ShareCell(double share) { return Cell(FormatShare(share), Number(share)); }

Cell LossCell(double loss) {
  return Cell(loss < 0 ? "n/a" : absl::StrFormat("%.4f", loss), Number(loss));
}

Cell PointsCell(double before, double after) {
  if (before < 0 || after < 0) return Cell("");
  return Cell(absl::StrFormat("%+.2f points", 100 * (after - before)));
}

// "accuracy/top-5 (top 5)".
std::string LayerTitle(const v1::LayerAccuracy& layer) {
  if (layer.top_k() <= 1) return layer.layer();
  return absl::StrCat(layer.layer(), " (top ", layer.top_k(), ")");
}

// One row per Accuracy layer, and below it one per class.
void AddLayerRows(const v1::Accuracy& accuracy, Table* table) {
  for (const v1::LayerAccuracy& layer : accuracy.layers()) {
    table->AddRow({LayerTitle(layer), ShareCell(layer.accuracy())});
    for (int c = 0; c < layer.class_accuracy_size(); ++c) {
      table->AddRow(
          {absl::StrCat("  class ", c), ShareCell(layer.class_accuracy(c))});
    }
  }
}

// The same for two networks with the same Accuracy layers.
void AddLayerRows(const v1::Accuracy& before, const v1::Accuracy& after,
                  Table* table) {
  const int num_layers = std::min(before.layers_size(), after.layers_size());
  for (int i = 0; i < num_layers; ++i) {
    const v1::LayerAccuracy& x = before.layers(i);
    const v1::LayerAccuracy& q = after.layers(i);
    table->AddRow({LayerTitle(x), ShareCell(x.accuracy()),
                   ShareCell(q.accuracy()),
                   PointsCell(x.accuracy(), q.accuracy())});
    for (int c = 0;
         c < std::min(x.class_accuracy_size(), q.class_accuracy_size()); ++c) {
      table->AddRow({absl::StrCat("  class ", c),
                     ShareCell(x.class_accuracy(c)),
                     ShareCell(q.class_accuracy(c)),
                     PointsCell(x.class_accuracy(c), q.class_accuracy(c))});
    }
  }
}

void PrintAccuracy(CommandContext& context, const v1::JobResult& result) {
  const v1::Accuracy& before = result.float_accuracy();
  if (!result.has_quantized_accuracy()) {
    Table table({"", ">"});
    table.AddRow({"top-1", ShareCell(before.top1())});
    table.AddRow({"top-5", ShareCell(before.top5())});
    table.AddRow({"loss", LossCell(before.loss())});
    AddLayerRows(before, &table);
    table.AddRow({"images", absl::StrCat(before.num_records())});
    return context.Print(table);
  }
  const v1::Accuracy& after = result.quantized_accuracy();
  Table table({"accuracy", ">float", ">quantized", ">change"});
  table.AddRow({"top-1", ShareCell(before.top1()), ShareCell(after.top1()),
                PointsCell(before.top1(), after.top1())});
  table.AddRow({"top-5", ShareCell(before.top5()), ShareCell(after.top5()),
                PointsCell(before.top5(), after.top5())});
  table.AddRow({"loss", LossCell(before.loss()), LossCell(after.loss()), ""});
  AddLayerRows(before, after, &table);
  table.AddRow({"images", absl::StrCat(before.num_records()),
                absl::StrCat(after.num_records()), ""});
  context.Print(table);
}

void AddAccuracyRows(const std::string& prefix, const v1::Accuracy& accuracy,
                     Table* table) {
  table->AddRow({prefix + ".top1", Number(accuracy.top1())});
  table->AddRow({prefix + ".top5", Number(accuracy.top5())});
  table->AddRow({prefix + ".loss", Number(accuracy.loss())});
  for (const v1::LayerAccuracy& layer : accuracy.layers()) {
    const std::string name = absl::StrCat(prefix, ".layer.", layer.layer());
    table->AddRow({name, Number(layer.accuracy())});
    for (int c = 0; c < layer.class_accuracy_size(); ++c) {
      table->AddRow(
          {absl::StrCat(name, ".", c), Number(layer.class_accuracy(c))});
    }
  }
  table->AddRow({prefix + ".images", absl::StrCat(accuracy.num_records())});
}

// For scripts.
void AddDetectionRows(const v1::DetectionResult& detection, Table* table) {
  table->AddRow({"map", Number(detection.mean_average_precision())});
  for (const v1::ClassPrecision& row : detection.classes()) {
    table->AddRow(
        {absl::StrCat("ap.", row.label()), Number(row.average_precision())});
  }
  table->AddRow({"images", absl::StrCat(detection.num_records())});
}

void PrintDetection(CommandContext& context,
                    const v1::DetectionResult& detection) {
  Table table({"class", ">average precision", ">true boxes", ">detections"});
  for (const v1::ClassPrecision& row : detection.classes()) {
    table.AddRow({row.name().empty() ? absl::StrCat(row.label()) : row.name(),
                  ShareCell(row.average_precision()),
                  absl::StrCat(row.num_truths()),
                  absl::StrCat(row.num_detections())});
  }
  table.AddRow({"mean", ShareCell(detection.mean_average_precision()), "", ""});
  context.Print(table);
  context.out() << "\n";
}

std::string OutputName(const v1::TestOutput& output) {
  return absl::StrCat(
      "test ", output.net(), " ", output.blob(),
      output.element() == 0 ? "" : absl::StrCat("[", output.element(), "]"));
}

void AddTrainRows(const v1::TrainResult& train, Table* table) {
  table->AddRow({"iterations", absl::StrCat(train.num_iterations())});
  table->AddRow({"loss", Number(train.loss())});
  for (const v1::TestOutput& output : train.test_outputs()) {
    table->AddRow({OutputName(output), Number(output.value())});
  }
}

// For scripts: a line a blob.
void AddCompareRows(const v1::CompareResult& compare, Table* table) {
  table->AddRow({"images", absl::StrCat(compare.num_images())});
  table->AddRow({"top1_agreement", Number(compare.top1_agreement())});
  for (const v1::BlobDifference& blob : compare.blobs()) {
    table->AddRow({absl::StrCat("sqnr_db.", blob.layer(), ".", blob.blob()),
                   Number(blob.sqnr_db())});
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
  if (result.has_float_accuracy()) {
    AddAccuracyRows("float", result.float_accuracy(), &table);
  }
  if (result.has_quantized_accuracy()) {
    AddAccuracyRows("quantized", result.quantized_accuracy(), &table);
  }
  if (Quantizes(job.spec())) {
    table.AddRow(
        {"layers.quantized", absl::StrCat(result.num_layers_quantized())});
    table.AddRow({"layers.float", absl::StrCat(result.num_layers_float())});
  }
  if (result.has_train()) AddTrainRows(result.train(), &table);
  if (result.has_compare()) AddCompareRows(result.compare(), &table);
  if (result.has_detection()) AddDetectionRows(result.detection(), &table);
  if (result.has_verify()) AddVerifyRows(result.verify(), &table);
  for (const v1::PhaseTime& phase : result.phase_times()) {
    table.AddRow({"seconds." + phase.phase(), Number(phase.seconds())});
  }
  table.AddRow({"peak_memory_bytes", absl::StrCat(result.peak_memory_bytes())});
  table.AddRow({"device", result.device()});
  for (const std::string& path : paths) table.AddRow({"file", path});
  context.Print(table);
}

void PrintForPeople(CommandContext& context, const v1::Job& job,
                    const std::vector<std::string>& paths) {
  const v1::JobResult& result = job.result();
  if (result.has_float_accuracy()) {
    PrintAccuracy(context, result);
    context.out() << "\n";
  }
  if (result.has_compare()) PrintCompare(context, result.compare());
  if (result.has_detection()) PrintDetection(context, result.detection());
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
