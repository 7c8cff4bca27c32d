// How the files of a job begin.
#ifndef QUANTD_ENGINE_JOBS_OUTPUT_PREFIX_H_
#define QUANTD_ENGINE_JOBS_OUTPUT_PREFIX_H_

#include <string>

namespace quantd {

// `name` if it is not empty, else the name of `prototxt_path` without folders
// and extension; other characters than [A-Za-z0-9._-] become '_', at most 128
// are kept. "model" if nothing is left.
std::string OutputPrefix(const std::string& name,
                         const std::string& prototxt_path);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_OUTPUT_PREFIX_H_
