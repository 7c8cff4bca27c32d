#include "engine/export/weight_tables.h"

#include <bitset>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/export/layer_weights.h"
#include "engine/quant/lloyd.h"

namespace quantd {
namespace {

constexpr int kLowestCode = -128;

// Which codes occur, from kLowestCode up.
using CodeSet = std::bitset<256>;

void AppendTable(const CodeSet& codes, std::string* tables) {
  const size_t end = tables->size() + kNumCentres;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (!codes[i]) continue;
    tables->push_back(static_cast<char>(static_cast<int>(i) + kLowestCode));
  }
  tables->resize(end, tables->back());
}

}  // namespace

absl::StatusOr<std::string> WeightTables(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record) {
  ASSIGN_OR_RETURN(const std::vector<int8_t> codes, WeightCodes(layer, record));
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(layer));
  std::vector<CodeSet> sets(record.scale_w_size());
  for (size_t i = 0; i < codes.size(); ++i) {
    const size_t block =
        sets.size() == 1 ? 0 : layout.ChannelOf(static_cast<int64_t>(i));
    sets[block].set(codes[i] - kLowestCode);
  }
  std::string tables;
  for (size_t block = 0; block < sets.size(); ++block) {
    if (sets[block].count() > kNumCentres) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "WEIGHTS_NOT_CLUSTERED",
                   absl::StrCat("layer \"", layer.name(), "\", channel ", block,
                                ": ", sets[block].count(),
                                " different weights, but 4 bits "
                                "name ",
                                kNumCentres, " at most"),
                   {{"layer", layer.name()},
                    {"channel", absl::StrCat(block)},
                    {"found", absl::StrCat(sets[block].count())}});
    }
    AppendTable(sets[block], &tables);
  }
  return tables;
}

}  // namespace quantd
