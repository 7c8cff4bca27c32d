#include "engine/graph/uninplace.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/testing/status_matchers.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

// "layer(bottoms>tops)" for every layer of the result.
std::string Connections(const std::string& text) {
  auto parsed = ParseNetPrototxt(text, "net");
  EXPECT_OK(parsed);
  const auto net = Uninplace(*std::move(parsed));
  EXPECT_OK(net);
  if (!net.ok()) return "";
  std::vector<std::string> layers;
  for (const caffe::LayerParameter& layer : net->layer()) {
    layers.push_back(absl::StrCat(layer.name(), "(",
                                  absl::StrJoin(layer.bottom(), ","), ">",
                                  absl::StrJoin(layer.top(), ","), ")"));
  }
  return absl::StrJoin(layers, " ");
}

TEST(UninplaceTest, LaterReadersFollow) {
  EXPECT_EQ(Connections("layer { name: \"in\" top: \"data\" } "
                        "layer { name: \"conv\" bottom: \"data\" top: \"c\" } "
                        "layer { name: \"bn\" bottom: \"c\" top: \"c\" } "
                        "layer { name: \"relu\" bottom: \"c\" top: \"c\" } "
                        "layer { name: \"pool\" bottom: \"c\" top: \"p\" }"),
            "in(>data) conv(data>c) bn(c>bn) relu(bn>relu) pool(relu>p)");
}

TEST(UninplaceTest, EarlierReadersStay) {
  EXPECT_EQ(Connections("layer { name: \"in\" top: \"a\" } "
                        "layer { name: \"x\" bottom: \"a\" top: \"x\" } "
                        "layer { name: \"r\" bottom: \"a\" top: \"a\" } "
                        "layer { name: \"s\" bottom: \"a\" bottom: \"x\" "
                        "  top: \"s\" }"),
            "in(>a) x(a>x) r(a>r) s(r,x>s)");
}

TEST(UninplaceTest, OutputKeepsItsName) {
  EXPECT_EQ(Connections("layer { name: \"in\" top: \"data\" } "
                        "layer { name: \"ip\" bottom: \"data\" top: \"ip\" } "
                        "layer { name: \"r\" bottom: \"ip\" top: \"ip\" } "
                        "layer { name: \"d\" bottom: \"ip\" top: \"ip\" }"),
            "in(>data) ip(data>ip_orig) r(ip_orig>r) d(r>ip)");
}

TEST(UninplaceTest, TakenNamesGetASuffix) {
  EXPECT_EQ(Connections("layer { name: \"in\" top: \"r\" top: \"a\" } "
                        "layer { name: \"r\" bottom: \"a\" top: \"a\" } "
                        "layer { name: \"r_top0\" bottom: \"a\" top: \"a\" } "
                        "layer { name: \"s\" bottom: \"a\" bottom: \"r\" "
                        "  top: \"s\" }"),
            "in(>r,a) r(a>r_top0) r_top0(r_top0>r_top0_top0) "
            "s(r_top0_top0,r>s)");
}

TEST(UninplaceTest, TwoTopsOfOneLayer) {
  EXPECT_EQ(Connections("layer { name: \"in\" top: \"a\" top: \"b\" } "
                        "layer { name: \"l\" bottom: \"a\" bottom: \"b\" "
                        "  top: \"a\" top: \"b\" } "
                        "layer { name: \"s\" bottom: \"a\" bottom: \"b\" "
                        "  top: \"s\" }"),
            "in(>a,b) l(a,b>l,l_top0) s(l,l_top0>s)");
}

TEST(UninplaceTest, NothingToDoIsNoChange) {
  const std::string text =
      "layer { name: \"in\" top: \"a\" } "
      "layer { name: \"x\" bottom: \"a\" top: \"b\" blobs { data: 1 } }";
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseNetPrototxt(text, "net"));
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter result, Uninplace(net));
  EXPECT_EQ(result.SerializeAsString(), net.SerializeAsString());
}

}  // namespace
}  // namespace quantd
