// quantctl dataset upload.
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/data_fields.h"
#include "client/cli/model_flags.h"
#include "client/cli/output/json.h"
#include "client/datasets.h"
#include "client/open_records.h"

namespace quantd {
namespace {

absl::StatusOr<int> Run(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  ASSIGN_OR_RETURN(const int64_t max_records, MaxRecords(flags));
  RETURN_IF_ERROR(OpenRecords(flags.words()).status());
  ASSIGN_OR_RETURN(
      const std::string id,
      UploadData(context, flags.words(), max_records, flags.Get("name")));
  if (context.json()) {
    ASSIGN_OR_RETURN(Client * client, context.Connect());
    ASSIGN_OR_RETURN(const v1::Dataset dataset, Datasets(client).Get(id));
    PrintJson(dataset, &context.out());
    return 0;
  }
  context.out() << id << "\n";
  context.Hint(absl::StrCat("next: quantctl calibrate --data ", id, " ..."));
  return 0;
}

}  // namespace

Command DatasetUploadCommand() {
  Command command;
  command.name = "dataset upload";
  command.summary = "send a data set once, for several jobs";
  command.usage = "DATA... [flags]";
  command.details =
      "DATA is a Caffe LMDB, a folder of JPEG and PNG images, a list with a "
      "line\n"
      "\"path label\" an image, or NumPy's arrays: FILE.npz, or NAME=FILE.npy "
      "for\n"
      "each input. Prints the data set's id, which --data and\n"
      "--eval-data take in place of a path. The id is a digest of the "
      "records:\n"
      "what the server has is not sent again, and an upload that broke off "
      "goes\n"
      "on where it stopped.";
  command.flags = {
      {"name", "NAME", "name to show in lists; default: of the directory"},
      {"max-records", "N", "only the first N records: a data set of its own"},
  };
  command.examples =
      "quantctl dataset upload calibration_lmdb\n"
      "quantctl dataset upload images.txt --max-records 64 --name first64\n"
      "quantctl dataset upload image=images.npy shape=shapes.npy\n";
  command.min_words = 1;
  command.max_words = 1000;
  command.run = Run;
  return command;
}

}  // namespace quantd
