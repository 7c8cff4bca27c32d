#include "engine/report/verify_report.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/report/html.h"

namespace quantd {
namespace {

std::string Percent(double share) {
  return absl::StrFormat("%.2f %%", 100 * share);
}

// "3 of 4096, by 1"; "0 of 4096" if none differ.
std::string Describe(const v1::IntegerDifference& difference) {
  if (difference.num_elements() == 0) return "";
  const std::string share = absl::StrCat(difference.num_differing(), " of ",
                                         difference.num_elements());
  if (difference.num_differing() == 0) return share;
  return absl::StrCat(share, ", by ", difference.max_steps());
}

std::vector<HtmlCell> RowOf(const v1::VerifiedLayer& layer) {
  HtmlCell overflows(
      layer.num_bits_d() > 8 ? "" : absl::StrCat(layer.num_overflows()));
  overflows.bad = layer.num_overflows() > 0;
  HtmlCell weights(Describe(layer.weights()));
  weights.bad = layer.weights().num_differing() > 0;
  return {
      HtmlCell(layer.layer()),
      HtmlCell(layer.type()),
      HtmlCell(absl::StrCat(layer.num_bits_d())),
      HtmlCell(layer.integer() ? "integer" : "float"),
      weights,
      HtmlCell(Describe(layer.inputs())),
      HtmlCell(Describe(layer.sums())),
      HtmlCell(Describe(layer.inputs_alone())),
      overflows,
  };
}

}  // namespace

std::string VerifyReportHtml(const std::string& name,
                             const v1::VerifyResult& result) {
  HtmlPage page(absl::StrCat(name, ": deploy model against fake-quant model"));
  std::vector<HtmlTile> tiles = {
      {result.passed() ? "PASS" : "FAIL", "verdict"}};
  if (result.top1_agreement() >= 0) {
    tiles.push_back({Percent(result.top1_agreement()), "same top-1 class"});
    tiles.push_back({absl::StrCat(result.num_tied_images()),
                     "other class by equal scores"});
  }
  tiles.push_back({absl::StrCat(result.num_images()), "images"});
  tiles.push_back({absl::StrCat(result.layers_size()), "layers verified"});
  page.AddTiles(tiles);
  for (const std::string& failure : result.failures()) {
    page.AddParagraph(failure);
  }
  page.AddHeading("Layers, in the order of the network");
  page.AddParagraph(
      "How many integers of the deploy model differ from those of the "
      "fake-quant model, and by how many steps at most. Inputs and sums: each "
      "layer got the fake-quant model's integers. Inputs alone: the deploy "
      "model ran by itself from the image on. States that a recurrent layer "
      "multiplies count as its inputs. Beyond 32 bits: sums that an "
      "accumulator would not hold.");
  std::vector<std::vector<HtmlCell>> rows;
  for (const v1::VerifiedLayer& layer : result.layers()) {
    rows.push_back(RowOf(layer));
  }
  page.AddTable({{"layer", false},
                 {"type", false},
                 {"bits", true},
                 {"ran in", false},
                 {"weights", true},
                 {"inputs", true},
                 {"sums", true},
                 {"inputs alone", true},
                 {"beyond 32 bits", true}},
                rows);
  return std::move(page).Finish();
}

}  // namespace quantd
