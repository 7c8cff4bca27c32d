#include "client/cli/accuracy_report.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/output/cells.h"

namespace quantd {
namespace {

Cell LossCell(double loss) {
  return Cell(loss < 0 ? "n/a" : absl::StrFormat("%.4f", loss),
              PlainNumber(loss));
}

Cell PointsCell(double before, double after) {
  if (before < 0 || after < 0) return Cell("");
  return Cell(absl::StrFormat("%+.2f points", 100 * (after - before)));
}

// A label's name, or its number.
std::string TitleOf(const v1::ClassPrecision& row) {
  return row.name().empty() ? absl::StrCat(row.label()) : row.name();
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

void PrintScores(CommandContext& context, const v1::JobResult& result) {
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

// For scripts.
void AddScoreRows(const std::string& prefix, const v1::Accuracy& accuracy,
                  Table* table) {
  table->AddRow({prefix + ".top1", PlainNumber(accuracy.top1())});
  table->AddRow({prefix + ".top5", PlainNumber(accuracy.top5())});
  table->AddRow({prefix + ".loss", PlainNumber(accuracy.loss())});
  for (const v1::LayerAccuracy& layer : accuracy.layers()) {
    const std::string name = absl::StrCat(prefix, ".layer.", layer.layer());
    table->AddRow({name, PlainNumber(layer.accuracy())});
    for (int c = 0; c < layer.class_accuracy_size(); ++c) {
      table->AddRow(
          {absl::StrCat(name, ".", c), PlainNumber(layer.class_accuracy(c))});
    }
  }
  table->AddRow({prefix + ".images", absl::StrCat(accuracy.num_records())});
}

void PrintDetection(CommandContext& context,
                    const v1::DetectionResult& detection) {
  Table table({"class", ">average precision", ">true boxes", ">detections"});
  for (const v1::ClassPrecision& row : detection.classes()) {
    table.AddRow({TitleOf(row), ShareCell(row.average_precision()),
                  absl::StrCat(row.num_truths()),
                  absl::StrCat(row.num_detections())});
  }
  table.AddRow({"mean", ShareCell(detection.mean_average_precision()), "", ""});
  context.Print(table);
}

// The labels with true boxes, of two networks.
void PrintDetections(CommandContext& context, const v1::DetectionResult& before,
                     const v1::DetectionResult& after) {
  std::map<int, double> quantized;
  for (const v1::ClassPrecision& row : after.classes()) {
    quantized[row.label()] = row.average_precision();
  }
  Table table(
      {"average precision", ">float", ">quantized", ">change", ">true boxes"});
  for (const v1::ClassPrecision& row : before.classes()) {
    const double x = row.average_precision();
    if (x < 0) continue;
    const double q = quantized[row.label()];
    table.AddRow({TitleOf(row), ShareCell(x), ShareCell(q), PointsCell(x, q),
                  absl::StrCat(row.num_truths())});
  }
  const double x = before.mean_average_precision();
  const double q = after.mean_average_precision();
  table.AddRow({"mean", ShareCell(x), ShareCell(q), PointsCell(x, q), ""});
  context.Print(table);
}

// For scripts.
void AddDetectionRows(const std::string& prefix,
                      const v1::DetectionResult& detection, Table* table) {
  table->AddRow(
      {prefix + "map", PlainNumber(detection.mean_average_precision())});
  for (const v1::ClassPrecision& row : detection.classes()) {
    table->AddRow({absl::StrCat(prefix, "ap.", row.label()),
                   PlainNumber(row.average_precision())});
  }
  table->AddRow({prefix + "images", absl::StrCat(detection.num_records())});
}

}  // namespace

void AddAccuracyRows(const v1::JobResult& result, Table* table) {
  if (result.has_float_accuracy()) {
    AddScoreRows("float", result.float_accuracy(), table);
  }
  if (result.has_quantized_accuracy()) {
    AddScoreRows("quantized", result.quantized_accuracy(), table);
  }
  if (!result.has_detection()) return;
  const bool is_pair = result.has_quantized_detection();
  AddDetectionRows(is_pair ? "float." : "", result.detection(), table);
  if (is_pair) {
    AddDetectionRows("quantized.", result.quantized_detection(), table);
  }
}

void PrintAccuracy(CommandContext& context, const v1::JobResult& result) {
  if (result.has_float_accuracy()) {
    PrintScores(context, result);
  } else if (result.has_quantized_detection()) {
    PrintDetections(context, result.detection(), result.quantized_detection());
  } else if (result.has_detection()) {
    PrintDetection(context, result.detection());
  } else {
    return;
  }
  context.out() << "\n";
}

}  // namespace quantd
