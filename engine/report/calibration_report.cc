#include "engine/report/calibration_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "engine/report/html.h"

namespace quantd {
namespace {

// Below, a layer does harm: the noise has a hundredth of the signal's power.
constexpr double kBadSqnrDb = 20;
// The whole width of a table's bar.
constexpr double kFullSqnrDb = 60;
// More values than this being cut off is worth a look.
constexpr double kBadClipped = 0.01;
// Powers of ten that a chart's height covers.
constexpr double kDecades = 6;

std::string Percent(double share) {
  return absl::StrFormat("%.2f %%", 100 * share);
}

// A share that is mostly a few in a million.
std::string PartsPerMillion(double share) {
  const double parts = 1e6 * share;
  return parts < 1000 ? absl::StrFormat("%.3g", parts)
                      : absl::StrFormat("%.0f", parts);
}

HtmlCell SqnrCell(double sqnr_db) {
  HtmlCell cell(absl::StrFormat("%.2f", sqnr_db));
  cell.bar = std::clamp(sqnr_db / kFullSqnrDb, 0.0, 1.0);
  cell.bad = sqnr_db < kBadSqnrDb;
  return cell;
}

HtmlCell Number(double value) {
  return HtmlCell(absl::StrFormat("%.5g", value));
}

void AddGrade(const std::string& name, double before, double after,
              std::vector<HtmlTile>* tiles) {
  tiles->push_back({Percent(before), name + ", float"});
  tiles->push_back({Percent(after), name + ", quantized"});
  tiles->push_back(
      {absl::StrFormat("%+.2f", 100 * (after - before)), "points of " + name});
}

void AddSummary(const v1::CalibrationReport& report, HtmlPage* page) {
  std::vector<HtmlTile> tiles;
  if (report.has_float_accuracy() && report.has_quantized_accuracy() &&
      report.float_accuracy().top1() >= 0) {
    AddGrade("top-1", report.float_accuracy().top1(),
             report.quantized_accuracy().top1(), &tiles);
  }
  if (report.has_float_detection()) {
    AddGrade("mAP", report.float_detection().mean_average_precision(),
             report.quantized_detection().mean_average_precision(), &tiles);
  }
  tiles.push_back(
      {absl::StrCat(report.input().num_images()), "calibration images"});
  tiles.push_back(
      {absl::StrCat(report.weights_size()), "layers with quantized weights"});
  tiles.push_back({absl::StrCat(report.blobs_size()), "quantized inputs"});
  tiles.push_back(
      {absl::StrCat(report.float_layers_size()), "layers left float"});
  page->AddTiles(tiles);
}

// Of both models, layer by layer.
void AddAccuracyLayers(const v1::CalibrationReport& report, HtmlPage* page) {
  const v1::Accuracy& before = report.float_accuracy();
  const v1::Accuracy& after = report.quantized_accuracy();
  const int num_layers = std::min(before.layers_size(), after.layers_size());
  if (num_layers == 0) return;
  std::vector<std::vector<HtmlCell>> rows;
  rows.reserve(num_layers);
  for (int i = 0; i < num_layers; ++i) {
    rows.push_back({HtmlCell(before.layers(i).layer()),
                    HtmlCell(absl::StrCat(before.layers(i).top_k())),
                    HtmlCell(Percent(before.layers(i).accuracy())),
                    HtmlCell(Percent(after.layers(i).accuracy()))});
  }
  page->AddTable({{"Accuracy layer", false},
                  {"top_k", true},
                  {"float", true},
                  {"quantized", true}},
                 rows);
}

void AddAccuracy(const v1::CalibrationReport& report, HtmlPage* page) {
  if (!report.has_float_accuracy()) return;
  page->AddHeading("Accuracy");
  std::vector<std::vector<HtmlCell>> rows;
  const auto add = [&rows](const std::string& name,
                           const v1::Accuracy& accuracy) {
    rows.push_back(
        {HtmlCell(name),
         HtmlCell(accuracy.top1() < 0 ? "" : Percent(accuracy.top1())),
         HtmlCell(accuracy.top5() < 0 ? "" : Percent(accuracy.top5())),
         accuracy.loss() < 0 ? HtmlCell("") : Number(accuracy.loss()),
         HtmlCell(absl::StrCat(accuracy.num_records())),
         HtmlCell(absl::StrCat(accuracy.num_ties()))});
  };
  add("float", report.float_accuracy());
  add("quantized", report.quantized_accuracy());
  page->AddTable({{"model", false},
                  {"top-1", true},
                  {"top-5", true},
                  {"loss", true},
                  {"images", true},
                  {"ties", true}},
                 rows);
  AddAccuracyLayers(report, page);
}

std::string MethodName(v1::DetectionSpec::Method method) {
  switch (method) {
    case v1::DetectionSpec::METHOD_MAX_INTEGRAL:
      return "MaxIntegral";
    case v1::DetectionSpec::METHOD_INTEGRAL:
      return "Integral";
    default:
      return "11point";
  }
}

// Of the labels with true boxes.
void AddDetection(const v1::CalibrationReport& report, HtmlPage* page) {
  if (!report.has_float_detection()) return;
  const v1::DetectionResult& before = report.float_detection();
  const v1::DetectionResult& after = report.quantized_detection();
  page->AddHeading("Average precision");
  page->AddParagraph(absl::StrCat(
      before.num_records(), " images; ", MethodName(before.method()),
      ", a right box shares at least ", before.min_overlap(),
      " of the union with a true one"));
  std::map<int, double> quantized;
  for (const v1::ClassPrecision& row : after.classes()) {
    quantized[row.label()] = row.average_precision();
  }
  std::vector<std::vector<HtmlCell>> rows;
  const auto add = [&rows](const std::string& name, double x, double q,
                           const std::string& num_truths) {
    rows.push_back({HtmlCell(name), HtmlCell(Percent(x)), HtmlCell(Percent(q)),
                    HtmlCell(absl::StrFormat("%+.2f", 100 * (q - x))),
                    HtmlCell(num_truths)});
  };
  for (const v1::ClassPrecision& row : before.classes()) {
    if (row.average_precision() < 0) continue;
    add(row.name().empty() ? absl::StrCat(row.label()) : row.name(),
        row.average_precision(), quantized[row.label()],
        absl::StrCat(row.num_truths()));
  }
  add("mean", before.mean_average_precision(), after.mean_average_precision(),
      "");
  page->AddTable({{"class", false},
                  {"float", true},
                  {"quantized", true},
                  {"points", true},
                  {"true boxes", true}},
                 rows);
}

// What the user should look at, in words.
std::vector<std::string> Findings(const v1::CalibrationReport& report) {
  const v1::InputReport& input = report.input();
  std::vector<std::string> findings;
  for (const v1::JobWarning& warning : report.warnings()) {
    findings.push_back(absl::StrCat(warning.reason(), ": ", warning.message()));
  }
  if (input.num_images() > input.num_records()) {
    findings.push_back(absl::StrCat(
        "the data set has ", input.num_records(), " records for ",
        input.num_images(), " calibration images: some came repeatedly"));
  }
  for (const v1::InputBlobReport& blob : input.blobs()) {
    if (blob.num_constant() == 0) continue;
    findings.push_back(absl::StrCat(
        blob.num_constant(), " of ", input.num_images(),
        " calibration images are constant (all values of the input ",
        blob.blob(), " are equal): check the data set"));
  }
  if (report.num_evaluated_in_calibration() > 0) {
    findings.push_back(absl::StrCat(
        report.num_evaluated_in_calibration(), " of ",
        report.has_float_detection() ? report.float_detection().num_records()
                                     : report.float_accuracy().num_records(),
        " evaluation images are calibration images too: the accuracy may look "
        "better than it is"));
  }
  for (const v1::BlobReport& blob : report.blobs()) {
    if (!blob.ambiguous()) continue;
    findings.push_back(absl::StrCat(
        "blob ", blob.blob(),
        ": two candidates of the search for its scale are equally good"));
  }
  return findings;
}

void AddInput(const v1::InputReport& input, HtmlPage* page) {
  page->AddHeading("Input");
  std::vector<std::vector<HtmlCell>> rows;
  for (const v1::InputBlobReport& blob : input.blobs()) {
    rows.push_back({HtmlCell(blob.blob()),
                    HtmlCell(absl::StrJoin(blob.shape(), " x ")),
                    Number(blob.min()), Number(blob.max())});
  }
  page->AddTable({{"blob", false},
                  {"shape per image", false},
                  {"smallest value", true},
                  {"largest value", true}},
                 rows);
  page->AddParagraph(absl::StrCat(input.num_images(), " images in batches of ",
                                  input.batch_size(), ". Preprocessing:"));
  page->AddList({input.preprocessing().begin(), input.preprocessing().end()});
}

// Heights on a logarithmic scale: most activations have long tails.
std::vector<double> Heights(const v1::BlobReport& blob) {
  const double highest =
      blob.bars().empty()
          ? 0
          : *std::max_element(blob.bars().begin(), blob.bars().end());
  std::vector<double> heights;
  for (const double bar : blob.bars()) {
    heights.push_back(
        bar > 0 ? std::max(0.01, 1 + std::log10(bar / highest) / kDecades) : 0);
  }
  return heights;
}

HtmlChart ChartOf(const v1::BlobReport& blob) {
  HtmlChart chart;
  chart.title = blob.blob();
  chart.note =
      absl::StrFormat("%d bits, step %.4g, offset %d; %s zeros, %s ppm clipped",
                      blob.num_bits(), blob.scale(), blob.offset(),
                      Percent(blob.zeros()), PartsPerMillion(blob.clipped()));
  chart.heights = Heights(blob);
  const double width = double{blob.max()} - blob.min();
  for (const float end : {blob.low(), blob.high()}) {
    const double at = width > 0 ? (double{end} - blob.min()) / width : -1;
    if (at >= 0 && at <= 1) chart.marks.push_back(at);
  }
  chart.low = absl::StrFormat("%.4g", blob.min());
  chart.high = absl::StrFormat("%.4g", blob.max());
  return chart;
}

// With what it was searched over, if that is not the blob alone.
std::string NameOf(const v1::BlobReport& blob) {
  if (blob.searched().empty() ||
      (blob.searched_size() == 1 && blob.searched(0) == blob.blob())) {
    return blob.blob();
  }
  return absl::StrCat(blob.blob(), " (searched over ",
                      absl::StrJoin(blob.searched(), ", "), ")");
}

void AddBlobs(const v1::CalibrationReport& report, HtmlPage* page) {
  page->AddHeading("Activations");
  page->AddParagraph(
      "Each Quant layer's input over all calibration images: bars count values "
      "other than zero on a logarithmic scale, lines are the ends of what "
      "scale "
      "and offset can express (none: beyond the values). SQNR is the power of "
      "the values over that of the quantization error, in dB; clipped are the "
      "values cut off, in a million. Blobs between which data is only moved "
      "have equal factors, from one search over several of them.");
  std::vector<HtmlChart> charts;
  std::vector<std::vector<HtmlCell>> rows;
  for (const v1::BlobReport& blob : report.blobs()) {
    charts.push_back(ChartOf(blob));
    HtmlCell clipped(PartsPerMillion(blob.clipped()));
    clipped.bad = blob.clipped() > kBadClipped;
    rows.push_back(
        {HtmlCell(NameOf(blob)), HtmlCell(absl::StrJoin(blob.layers(), ", ")),
         SqnrCell(blob.sqnr_db()), Number(blob.scale()),
         HtmlCell(absl::StrCat(blob.offset())), Number(blob.min()),
         Number(blob.max()), Number(blob.low()), Number(blob.high()), clipped});
  }
  page->AddTable({{"blob", false, /*wraps=*/true},
                  {"read by", false, /*wraps=*/true},
                  {"SQNR dB", true},
                  {"scale_d", true},
                  {"offset_d", true},
                  {"min", true},
                  {"max", true},
                  {"low end", true},
                  {"high end", true},
                  {"clipped, ppm", true}},
                 rows);
  page->AddCharts(charts);
}

void AddWeights(const v1::CalibrationReport& report, HtmlPage* page) {
  page->AddHeading("Weights");
  std::vector<std::vector<HtmlCell>> rows;
  for (const v1::WeightReport& layer : report.weights()) {
    rows.push_back({HtmlCell(layer.layer()), HtmlCell(layer.type()),
                    HtmlCell(absl::StrCat(layer.num_bits())),
                    SqnrCell(layer.sqnr_db()),
                    HtmlCell(absl::StrCat(layer.num_scales())),
                    Number(layer.min_scale()), Number(layer.max_scale())});
  }
  page->AddTable({{"layer", false},
                  {"type", false},
                  {"bits", true},
                  {"SQNR dB", true},
                  {"scales", true},
                  {"least scale_w", true},
                  {"largest scale_w", true}},
                 rows);
}

void AddFloatLayers(const v1::CalibrationReport& report, HtmlPage* page) {
  if (report.float_layers().empty()) return;
  page->AddHeading("Left float");
  // By type and reason, in the order of their first layers.
  std::vector<std::pair<std::string, std::string>> kinds;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>>
      layers;
  for (const v1::FloatLayerReport& layer : report.float_layers()) {
    const std::pair<std::string, std::string> kind = {layer.type(),
                                                      layer.reason()};
    if (layers[kind].empty()) kinds.push_back(kind);
    layers[kind].push_back(layer.layer());
  }
  std::vector<std::vector<HtmlCell>> rows;
  rows.reserve(kinds.size());
  for (const auto& kind : kinds) {
    rows.push_back(
        {HtmlCell(kind.first), HtmlCell(absl::StrCat(layers[kind].size())),
         HtmlCell(kind.second), HtmlCell(absl::StrJoin(layers[kind], ", "))});
  }
  page->AddTable({{"type", false},
                  {"number", true},
                  {"reason", false},
                  {"layers", false, /*wraps=*/true}},
                 rows);
}

}  // namespace

std::string CalibrationReportHtml(const v1::CalibrationReport& report) {
  HtmlPage page(absl::StrCat(report.name(), ": calibration"));
  AddSummary(report, &page);
  AddAccuracy(report, &page);
  AddDetection(report, &page);
  const std::vector<std::string> findings = Findings(report);
  if (!findings.empty()) {
    page.AddHeading("To look at");
    page.AddList(findings);
  }
  AddInput(report.input(), &page);
  AddBlobs(report, &page);
  AddWeights(report, &page);
  AddFloatLayers(report, &page);
  return std::move(page).Finish();
}

}  // namespace quantd
