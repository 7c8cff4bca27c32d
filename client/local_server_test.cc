#include "client/local_server.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::HasReason;
using testing::StatusIs;

// A directory with `quantd` and `quant_worker`, both this shell script.
std::string FakeBinaries(const std::string& script) {
  std::string directory = ::testing::TempDir() + "/bin_XXXXXX";
  EXPECT_NE(mkdtemp(&directory[0]), nullptr);
  for (const char* name : {"/quantd", "/quant_worker"}) {
    const std::string path = directory + name;
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    chmod(path.c_str(), 0755);
  }
  return directory;
}

TEST(LocalServerTest, MissingBinariesAreNamed) {
  setenv("QUANTD_BINDIR", "/nowhere", 1);
  const auto server = LocalServer::Start();
  EXPECT_THAT(server, HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(server, StatusIs(absl::StatusCode::kFailedPrecondition,
                               "/nowhere/quantd"));
}

TEST(LocalServerTest, ServerThatStopsShowsItsLogAndLeavesNothing) {
  const std::string temporary = ::testing::TempDir() + "/t";
  std::filesystem::create_directory(temporary);
  setenv("TMPDIR", temporary.c_str(), 1);
  setenv("QUANTD_BINDIR", FakeBinaries("echo cannot bind >&2; exit 1").c_str(),
         1);
  const auto server = LocalServer::Start();
  EXPECT_THAT(server, HasReason("LOCAL_SERVER_FAILED"));
  EXPECT_THAT(server, StatusIs(absl::StatusCode::kInternal, "cannot bind"));
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
}

TEST(LocalServerTest, CancelledStartStopsTheProcess) {
  setenv("QUANTD_BINDIR", FakeBinaries("exec sleep 100").c_str(), 1);
  CancelToken token;
  token.Cancel();
  EXPECT_THAT(LocalServer::Start(&token),
              StatusIs(absl::StatusCode::kCancelled, ""));
}

}  // namespace
}  // namespace quantd
