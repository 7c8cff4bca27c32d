#include "engine/report/compare_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/report/html.h"

namespace quantd {
namespace {

// Below, a layer does harm: the noise has a hundredth of the signal's power.
constexpr double kBadSqnrDb = 20;
// The bar's whole width.
constexpr double kFullSqnrDb = 60;
// More values than this being cut off is worth a look.
constexpr double kBadClipped = 0.01;

std::string Percent(double share) {
  return absl::StrFormat("%.2f %%", 100 * share);
}

std::vector<HtmlCell> RowOf(const v1::BlobDifference& blob) {
  HtmlCell sqnr(absl::StrFormat("%.2f", blob.sqnr_db()));
  sqnr.bar = std::clamp(blob.sqnr_db() / kFullSqnrDb, 0.0, 1.0);
  sqnr.bad = blob.sqnr_db() < kBadSqnrDb;
  HtmlCell clipped(blob.scale_d() == 0 ? "" : Percent(blob.clipped()));
  clipped.bad = blob.clipped() > kBadClipped;
  return {
      HtmlCell(blob.layer()),
      HtmlCell(blob.type()),
      HtmlCell(blob.blob()),
      sqnr,
      HtmlCell(absl::StrFormat("%.6f", blob.cosine())),
      HtmlCell(absl::StrFormat("%.4g", blob.max_error())),
      HtmlCell(absl::StrFormat("%.4g", blob.mean_error())),
      HtmlCell(absl::StrFormat("%.4g", blob.min())),
      HtmlCell(absl::StrFormat("%.4g", blob.max())),
      HtmlCell(blob.scale_d() == 0 ? ""
                                   : absl::StrFormat("%.4g", blob.scale_d())),
      clipped,
  };
}

}  // namespace

std::string CompareReportHtml(const std::string& name,
                              const v1::CompareResult& result) {
  HtmlPage page(absl::StrCat(name, ": float against quantized"));
  std::vector<HtmlTile> tiles;
  if (result.top1_agreement() >= 0) {
    tiles.push_back({Percent(result.top1_agreement()), "same top-1 class"});
  }
  tiles.push_back({absl::StrCat(result.num_images()), "images"});
  tiles.push_back({absl::StrCat(result.blobs_size()), "blobs compared"});
  if (result.blobs_size() > 0) {
    const v1::BlobDifference& worst = result.blobs(0);
    tiles.push_back({absl::StrFormat("%.1f dB", worst.sqnr_db()),
                     absl::StrCat("least SQNR, ", worst.layer())});
  }
  page.AddTiles(tiles);
  page.AddHeading("Blobs, most harmed first");
  page.AddParagraph(
      "SQNR is the power of the float values over the power of the error, in "
      "dB; errors of earlier layers are in it. Clipped is the share of the "
      "values that the Quant layer behind the blob cuts off.");
  std::vector<std::vector<HtmlCell>> rows;
  for (const v1::BlobDifference& blob : result.blobs()) {
    rows.push_back(RowOf(blob));
  }
  page.AddTable({{"layer", false},
                 {"type", false},
                 {"blob", false},
                 {"SQNR dB", true},
                 {"cosine", true},
                 {"max error", true},
                 {"mean error", true},
                 {"min", true},
                 {"max", true},
                 {"step", true},
                 {"clipped", true}},
                rows);
  return std::move(page).Finish();
}

}  // namespace quantd
