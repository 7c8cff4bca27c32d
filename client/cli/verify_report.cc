#include "client/cli/verify_report.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/output/cells.h"
#include "client/cli/output/format.h"

namespace quantd {
namespace {

double ShareOf(const v1::IntegerDifference& difference) {
  if (difference.num_elements() == 0) return 0;
  return static_cast<double>(difference.num_differing()) /
         static_cast<double>(difference.num_elements());
}

// "0", or "12 (3.1e-05), by 1".
std::string Describe(const v1::IntegerDifference& difference) {
  if (difference.num_elements() == 0) return "";
  if (difference.num_differing() == 0) return "0";
  return absl::StrFormat("%d (%.1e), by %d", difference.num_differing(),
                         ShareOf(difference), difference.max_steps());
}

std::string Verdict(const v1::VerifyResult& verify) {
  return verify.passed() ? "PASS" : "FAIL";
}

void AddRows(const std::string& what, const std::string& layer,
             const v1::IntegerDifference& difference, Table* table) {
  if (difference.num_elements() == 0) return;
  table->AddRow(
      {absl::StrCat(what, ".", layer), PlainNumber(ShareOf(difference))});
  table->AddRow({absl::StrCat(what, "_steps.", layer),
                 absl::StrCat(difference.max_steps())});
}

// The layer with the largest share of differing inputs or sums; empty if none
// differ.
std::string WorstLayer(const v1::VerifyResult& verify) {
  std::string worst;
  double most = 0;
  const auto look = [&](const std::string& layer, const char* what,
                        const v1::IntegerDifference& difference) {
    if (ShareOf(difference) <= most) return;
    most = ShareOf(difference);
    worst = absl::StrCat(layer, ": ", difference.num_differing(), " of ",
                         difference.num_elements(), " ", what,
                         " differ, by up to ", difference.max_steps());
  };
  for (const v1::VerifiedLayer& layer : verify.layers()) {
    look(layer.layer(), "inputs", layer.inputs());
    look(layer.layer(), "sums", layer.sums());
  }
  return worst;
}

}  // namespace

void AddVerifyRows(const v1::VerifyResult& verify, Table* table) {
  table->AddRow({"verdict", Verdict(verify)});
  table->AddRow({"images", absl::StrCat(verify.num_images())});
  table->AddRow({"top1_agreement", PlainNumber(verify.top1_agreement())});
  table->AddRow({"tied_images", absl::StrCat(verify.num_tied_images())});
  for (const std::string& failure : verify.failures()) {
    table->AddRow({"failure", failure});
  }
  for (const v1::VerifiedLayer& layer : verify.layers()) {
    AddRows("weights", layer.layer(), layer.weights(), table);
    AddRows("inputs", layer.layer(), layer.inputs(), table);
    AddRows("sums", layer.layer(), layer.sums(), table);
    AddRows("inputs_alone", layer.layer(), layer.inputs_alone(), table);
  }
}

void PrintVerify(CommandContext& context, const v1::VerifyResult& verify) {
  Table layers({"layer", "type", ">bits", "ran in", ">weights", ">inputs",
                ">sums", ">inputs alone"});
  for (const v1::VerifiedLayer& layer : verify.layers()) {
    layers.AddRow({layer.layer(), layer.type(),
                   absl::StrCat(layer.num_bits_d()),
                   layer.integer() ? "integer" : "float",
                   Describe(layer.weights()), Describe(layer.inputs()),
                   Describe(layer.sums()), Describe(layer.inputs_alone())});
  }
  context.Print(layers);
  context.out() << "\n";
  for (const std::string& failure : verify.failures()) {
    context.out() << failure << "\n";
  }
  if (!verify.failures().empty()) context.out() << "\n";
  Table summary({"", ""});
  Cell verdict(Verdict(verify));
  verdict.color = verify.passed() ? "32" : "31";
  summary.AddRow({"verdict", verdict});
  const std::string worst = WorstLayer(verify);
  summary.AddRow({"worst layer", worst.empty() ? "all integers equal" : worst});
  if (verify.top1_agreement() >= 0) {
    summary.AddRow({"same top-1", FormatShare(verify.top1_agreement())});
    summary.AddRow({"equal scores", absl::StrCat(verify.num_tied_images())});
  }
  summary.AddRow({"images", absl::StrCat(verify.num_images())});
  context.Print(summary);
}

}  // namespace quantd
