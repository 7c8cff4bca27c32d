#include "client/channel.h"

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::HasReason;
using testing::IsOk;

TEST(ChannelTest, LocalAddresses) {
  EXPECT_TRUE(IsLocalAddress("unix:/run/quantd.sock"));
  EXPECT_TRUE(IsLocalAddress("127.0.0.1:50051"));
  EXPECT_TRUE(IsLocalAddress("[::1]:50051"));
  EXPECT_TRUE(IsLocalAddress("localhost:1"));
  EXPECT_FALSE(IsLocalAddress("localhost.example.org:1"));
  EXPECT_FALSE(IsLocalAddress("10.0.0.1:50051"));
}

TEST(ChannelTest, AddressesAreChecked) {
  for (const char* address :
       {"host:1", "[::1]:65535", "unix:/a", "1.2.3.4:5"}) {
    EXPECT_THAT(MakeChannel(address, {}), IsOk()) << address;
  }
  for (const char* address :
       {"", "host", ":1", "host:", "host:0", "host:x", "host:65536", "unix:"}) {
    EXPECT_THAT(MakeChannel(address, {}), HasReason("USAGE")) << address;
  }
}

TEST(ChannelTest, TlsOptionsAreChecked) {
  ChannelOptions options;
  options.cert_file = "cert.pem";
  EXPECT_THAT(MakeChannel("host:1", options), HasReason("USAGE"));
  options.key_file = "key.pem";
  EXPECT_THAT(MakeChannel("host:1", options), HasReason("FILE_NOT_FOUND"));
  options.plaintext = true;
  EXPECT_THAT(MakeChannel("host:1", options), HasReason("USAGE"));
}

}  // namespace
}  // namespace quantd
