// The files that a network's layers would open: replaced by what a job brings,
// or refused. A network comes from outside and must not choose which files of
// the worker's machine are read or written.
#ifndef QUANTD_ENGINE_JOBS_NET_FILES_H_
#define QUANTD_ENGINE_JOBS_NET_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// What stands for the paths in a network, by their spelling there.
struct NetFiles {
  std::map<std::string, std::string> datasets;  // data_param.source
  std::map<std::string, std::string> files;     // Everything else.
};

// Replaces every path in `net` (upgraded).
// Errors: INVALID_ARGUMENT, OPTION_MISSING with layer and field for a path that
//   `files` does not have; FAILED_PRECONDITION, NETWORK_UNSUPPORTED for layers
//   that read lists of files or write files: ImageData, HDF5Data, WindowData,
//   HDF5Output.
absl::Status ReplaceFiles(const NetFiles& files, caffe::NetParameter* net);

// The way back, for a net that is written: what ReplaceFiles() put in becomes
// what was there. Leaves other paths alone.
void RestoreFiles(const NetFiles& files, caffe::NetParameter* net);

// For jobs that bring no files: `net` without its Data layers, which are
// replaced by an input, must name none.
// Errors: as ReplaceFiles().
absl::Status RefuseFiles(const caffe::NetParameter& net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_NET_FILES_H_
