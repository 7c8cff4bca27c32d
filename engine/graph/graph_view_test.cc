#include "engine/graph/graph_view.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

caffe::NetParameter Parse(const std::string& text) {
  auto net = ParseNetPrototxt(text, "net");
  EXPECT_OK(net);
  return *std::move(net);
}

TEST(GraphViewTest, InPlaceVersionsAreApart) {
  const caffe::NetParameter net = Parse(
      "layer { name: \"in\" top: \"a\" } "
      "layer { name: \"early\" bottom: \"a\" top: \"e\" } "
      "layer { name: \"relu\" bottom: \"a\" top: \"a\" } "
      "layer { name: \"sum\" bottom: \"a\" bottom: \"e\" top: \"s\" } "
      "layer { name: \"late\" bottom: \"a\" top: \"l\" }");
  ASSERT_OK_AND_ASSIGN(const GraphView view, GraphView::Create(net));
  ASSERT_EQ(view.num_blobs(), 5);
  const GraphView::Blob& first = view.blob(view.tops(0)[0]);
  EXPECT_EQ(first.name, "a");
  EXPECT_FALSE(first.last_version);
  ASSERT_EQ(first.consumers.size(), 2u);
  EXPECT_EQ(first.consumers[0].layer, 1);
  EXPECT_EQ(first.consumers[1].layer, 2);
  const GraphView::Blob& second = view.blob(view.tops(2)[0]);
  EXPECT_TRUE(second.last_version);
  EXPECT_EQ(second.producer, 2);
  ASSERT_EQ(second.consumers.size(), 2u);
  EXPECT_EQ(second.consumers[0].layer, 3);
  EXPECT_EQ(second.consumers[0].index, 0);
  EXPECT_EQ(view.bottoms(3),
            std::vector<int>({view.tops(2)[0], view.tops(1)[0]}));
  EXPECT_EQ(view.SingleConsumer(0), -1);
  EXPECT_EQ(view.SingleConsumer(1), 3);
  EXPECT_EQ(view.SingleConsumer(4), -1);
  EXPECT_TRUE(view.IsOutput(view.tops(4)[0]));
  EXPECT_EQ(view.LayerIndex("sum"), 3);
  EXPECT_EQ(view.LayerIndex("none"), -1);
}

TEST(GraphViewTest, RefusesBrokenConnections) {
  EXPECT_THAT(GraphView::Create(Parse("layer { name: \"a\" bottom: \"x\" }")),
              HasReason("NET_BLOB_UNKNOWN"));
  for (const char* text : {
           "layer { name: \"a\" top: \"x\" } layer { name: \"b\" top: \"x\" }",
           "layer { name: \"a\" top: \"x\" top: \"x\" }",
           "layer { name: \"a\" top: \"x\" top: \"y\" } "
           "layer { name: \"b\" bottom: \"x\" bottom: \"y\" "
           "  top: \"y\" top: \"x\" }",
       }) {
    EXPECT_THAT(GraphView::Create(Parse(text)), HasReason("NET_BLOB_DUPLICATE"))
        << text;
  }
}

}  // namespace
}  // namespace quantd
