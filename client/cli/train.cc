// quantctl train: upload what a solver names, submit, follow, fetch.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/make_files.h"
#include "client/cli/model_flags.h"
#include "client/input_file.h"
#include "client/lmdb_records.h"
#include "client/solver_files.h"

namespace quantd {
namespace {

// Files and data of the job, all of them checked.
struct TrainFiles {
  SolverFiles solver;
  std::vector<std::string> weights;
  std::string solver_state;
};

absl::StatusOr<TrainFiles> FindFiles(const ParsedFlags& flags) {
  TrainFiles files;
  ASSIGN_OR_RETURN(files.solver, FindSolverFiles(flags.Get("solver")));
  for (const auto& [source, path] : files.solver.datasets) {
    RETURN_IF_ERROR(LmdbRecords::Open(path).status());
  }
  if (flags.Has("weights")) {
    files.weights =
        absl::StrSplit(flags.Get("weights"), ',', absl::SkipEmpty());
  }
  if (flags.Has("snapshot")) {
    files.solver_state = flags.Get("snapshot");
    RETURN_IF_ERROR(CheckInputFile(files.solver_state));
    ASSIGN_OR_RETURN(const std::string weights,
                     WeightsOfSolverState(files.solver_state));
    files.weights = {weights};
  }
  for (const std::string& path : files.weights) {
    RETURN_IF_ERROR(CheckInputFile(path));
  }
  return files;
}

// Everything that can be found wrong before anything is sent.
absl::StatusOr<TrainFiles> Check(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(CheckMakeFilesFlags(context));
  if (flags.Has("snapshot") && flags.Has("weights")) {
    return UsageError(
        "--snapshot excludes --weights: a snapshot has its own; remove one");
  }
  ASSIGN_OR_RETURN(const TrainFiles files, FindFiles(flags));
  RETURN_IF_ERROR(PrepareOut(context));
  return files;
}

absl::StatusOr<v1::JobSpec> UploadAll(CommandContext& context,
                                      const TrainFiles& files) {
  v1::JobSpec job;
  v1::TrainSpec& spec = *job.mutable_train();
  ASSIGN_OR_RETURN(*spec.mutable_solver(),
                   UploadFile(context, files.solver.solver));
  if (!files.solver.net.empty()) {
    ASSIGN_OR_RETURN(*spec.mutable_net(),
                     UploadFile(context, files.solver.net));
  }
  for (const std::string& path : files.solver.test_nets) {
    ASSIGN_OR_RETURN(*spec.add_test_nets(), UploadFile(context, path));
  }
  for (const auto& [name, path] : files.solver.files) {
    v1::SourceFile* file = spec.add_files();
    file->set_path(name);
    ASSIGN_OR_RETURN(*file->mutable_file(), UploadFile(context, path));
  }
  for (const std::string& path : files.weights) {
    ASSIGN_OR_RETURN(*spec.add_weights(), UploadFile(context, path));
  }
  if (!files.solver_state.empty()) {
    ASSIGN_OR_RETURN(*spec.mutable_solver_state(),
                     UploadFile(context, files.solver_state));
  }
  for (const auto& [source, path] : files.solver.datasets) {
    v1::SourceDataset* dataset = spec.add_datasets();
    dataset->set_source(source);
    ASSIGN_OR_RETURN(*dataset->mutable_dataset_id(),
                     UploadData(context, {path}, 0));
  }
  return job;
}

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(const TrainFiles files, Check(context));
  ASSIGN_OR_RETURN(const v1::JobSpec spec, UploadAll(context, files));
  return MakeFiles(context, spec, "");
}

}  // namespace

Command TrainCommand() {
  Command command;
  command.name = "train";
  command.summary = "train a network with one of Caffe's solvers";
  command.usage = "--solver FILE --out DIR [flags]";
  command.details =
      "Uploads the solver, the networks, LMDBs and mean files that it names "
      "(relative\npaths are looked for in the working directory, then beside "
      "the solver), trains,\nand writes the snapshots to DIR. Ctrl-C stops "
      "watching, not the job.";
  command.flags = {
      {"solver", "FILE", "solver, *.prototxt", true},
      {"weights", "FILE[,FILE]",
       "start from these weights, matched by layer name"},
      {"snapshot", "FILE",
       "go on from this *.solverstate; its *.caffemodel is beside it"},
  };
  for (const FlagSpec& flag : MakeFilesFlags()) command.flags.push_back(flag);
  command.examples =
      "quantctl train --solver lenet_solver.prototxt --out trained\n"
      "quantctl train --solver solver.prototxt --weights net.caffemodel --out "
      "tuned\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
