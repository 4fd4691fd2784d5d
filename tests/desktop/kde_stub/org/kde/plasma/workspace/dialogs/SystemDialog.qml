// Takes the place of a type of plasma-workspace, which is too large to be installed for one dialog that is never shown.
import QtQuick 2.15
import QtQuick.Window 2.15
Window {
    id: root
    default property alias mainItem: holder.data
    property string iconName
    property string subtitle
    property string mainText
    property bool acceptable: true
    property var standardButtons
    property list<QtObject> actions
    property Item holderItem: holder
    signal accepted()
    signal rejected()
    function accept() { accepted() }
    function reject() { rejected() }
    function present() {}
    Item { id: holder }
}
