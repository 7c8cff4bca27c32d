// quantctl record show.
#include <algorithm>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

Cell FloatCell(float value) {
  return Cell(absl::StrFormat("%.6g", value), FormatFloat(value));
}

// One step, or the range of many; scripts get all, separated by commas.
Cell WeightScaleCell(const v1::LayerRecord& record) {
  const auto& scales = record.scale_w();
  if (scales.empty()) return "-";
  const auto [low, high] = std::minmax_element(scales.begin(), scales.end());
  const std::string text =
      scales.size() == 1
          ? absl::StrFormat("%.6g", *low)
          : absl::StrFormat("%.4g..%.4g (%d)", *low, *high, scales.size());
  return Cell(text, absl::StrJoin(scales, ",", [](std::string* out, float s) {
                absl::StrAppend(out, FormatFloat(s));
              }));
}

void AddRows(const v1::LayerRecord& record, Table* table) {
  if (!record.quantized() || record.activations().empty()) {
    table->AddRow({record.layer(), record.type(),
                   record.quantized() ? "-" : "float: " + record.float_reason(),
                   "-", "-", "-", "-", "-", WeightScaleCell(record)});
    return;
  }
  for (const v1::ActivationRecord& activation : record.activations()) {
    table->AddRow(
        {record.layer(), record.type(), activation.blob(),
         absl::StrCat(activation.num_bits_d()), FloatCell(activation.scale_d()),
         absl::StrCat(activation.offset_d()), FloatCell(activation.min()),
         FloatCell(activation.max()), WeightScaleCell(record)});
  }
}

absl::StatusOr<int> Run(CommandContext& context) {
  const std::string id = context.flags().words()[0];
  const std::string layer = context.flags().Get("layer");
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const auto records, client->ListRecords(id));
  Table table({"LAYER", "TYPE", "INPUT", ">BITS", ">SCALE_D", ">OFFSET_D",
               ">MIN", ">MAX", ">SCALE_W"});
  for (const v1::LayerRecord& record : records) {
    if (!layer.empty() && record.layer() != layer) continue;
    if (context.json()) PrintJson(record, &context.out());
    if (context.name_only()) context.out() << record.layer() << "\n";
    AddRows(record, &table);
  }
  if (table.empty() && !layer.empty()) {
    return Error(
        absl::StatusCode::kNotFound, "LAYER_NOT_FOUND",
        absl::StrCat("job ", id, " has no record of a layer \"", layer,
                     "\"; `quantctl record show ", id, " -o name` lists them"),
        {{"layer", layer}});
  }
  if (!context.json() && !context.name_only() && !table.empty()) {
    context.Print(table);
  }
  return 0;
}

}  // namespace

Command RecordShowCommand() {
  Command command;
  command.name = "record show";
  command.summary = "show scales and offsets, layer by layer";
  command.usage = "JOB [flags]";
  command.details =
      "In a pipe: layer, type, input blob (or why it stayed float), bits, "
      "scale_d,\noffset_d, min, max, scale_w (all, separated by commas). -o "
      "json "
      "prints an object\nper layer.";
  command.flags = {{"layer", "NAME", "only this layer"}};
  command.examples =
      "quantctl record show j-abc123\n"
      "quantctl record show j-abc123 --layer conv1 -o json\n";
  command.min_words = command.max_words = 1;
  command.run = Run;
  return command;
}

}  // namespace quantd
