// Real programs, started and killed by tests.
#ifndef QUANTD_TESTS_TESTING_SUBPROCESS_H_
#define QUANTD_TESTS_TESTING_SUBPROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace quantd::testing {

// Absolute path of a file that the test names in `data`, by its path from the
// root of the workspace ("server/quantd").
std::string Runfile(const std::string& path);

// A fresh directory under the test's own temporary directory.
std::string FreshDirectory(const std::string& name);

// Contents of a file; empty if it cannot be read.
std::string ReadFile(const std::string& path);

// A child process. Killed when this is destroyed.
class Subprocess {
 public:
  // Starts argv[0] (a path) with stdout and stderr in files; `environment`
  // entries ("NAME=value") come on top of this process's own.
  explicit Subprocess(const std::vector<std::string>& argv,
                      const std::vector<std::string>& environment = {});
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  // Waits for the end; the exit status, or 128 + signal. -1 if it did not end
  // in time.
  int Wait(absl::Duration timeout);
  bool Running();
  // What was written so far.
  std::string out() const { return ReadFile(out_path_); }
  std::string err() const { return ReadFile(err_path_); }

 private:
  pid_t pid_ = -1;
  int status_ = -1;  // Exit status once reaped.
  std::string out_path_;
  std::string err_path_;
};

// The result of a program that was run to its end.
struct RunResult {
  int status = -1;
  std::string out;
  std::string err;
};
RunResult RunProgram(const std::vector<std::string>& argv,
                     absl::Duration timeout = absl::Seconds(60),
                     const std::vector<std::string>& environment = {});

// Pids of the direct children of `parent`.
std::vector<pid_t> ChildrenOf(pid_t parent);

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_TESTING_SUBPROCESS_H_
