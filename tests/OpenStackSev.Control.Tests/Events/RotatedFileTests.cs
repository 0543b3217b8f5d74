using System.Text;
using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Tests.Events;

public sealed class RotatedFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-events-").FullName;

    private string At(string name) => Path.Join(folder, "log", name);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_file_that_would_become_too_large_is_renamed_and_the_oldest_goes()
    {
        using var file = new RotatedFile(At("events.json"), maximumBytes: 10, maximumFiles: 3);
        foreach (string line in new[] { "1111", "2222", "3333", "4444", "5555", "6666", "7777" })
            file.Append(Encoding.UTF8.GetBytes(line));
        Assert.Equal(["events.json", "events.json.1", "events.json.2"], Directory.GetFiles(At("")).Select(Path.GetFileName).Order());
        Assert.Equal(["7777"], File.ReadAllLines(At("events.json")));
        Assert.Equal(["5555", "6666"], File.ReadAllLines(At("events.json.1")));
        Assert.Equal(["3333", "4444"], File.ReadAllLines(At("events.json.2")));
    }

    [Fact]
    public void A_single_file_begins_anew()
    {
        using var file = new RotatedFile(At("events.json"), maximumBytes: 10, maximumFiles: 1);
        foreach (string line in new[] { "1111", "2222", "3333" })
            file.Append(Encoding.UTF8.GetBytes(line));
        Assert.Equal(["3333"], File.ReadAllLines(At("events.json")));
    }

    [Fact]
    public void A_line_longer_than_the_file_may_be_is_kept_whole()
    {
        using var file = new RotatedFile(At("events.json"), maximumBytes: 10, maximumFiles: 2);
        file.Append("a line of more than ten bytes"u8);
        file.Append("2"u8);
        Assert.Equal(["a line of more than ten bytes"], File.ReadAllLines(At("events.json.1")));
    }

    [Fact]
    public void A_restart_goes_on_at_the_end()
    {
        using (var before = new RotatedFile(At("events.json"), 100, 2))
            before.Append("1"u8);
        using var after = new RotatedFile(At("events.json"), 100, 2);
        after.Append("2"u8);
        Assert.Equal(["1", "2"], File.ReadAllLines(At("events.json")));
    }

    [Fact]
    public void Only_the_owner_writes_and_others_than_the_group_do_not_read()
    {
        using var file = new RotatedFile(At("events.json"), 100, 2);
        file.Append("1"u8);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("events.json")) & ~UnixFileMode.GroupRead);
    }

    [Fact]
    public void A_full_disk_is_an_error_and_leaves_no_half_line()
    {
        using var file = new RotatedFile("/dev/full", 100, 2);
        Assert.Throws<IOException>(() => file.Append("1"u8));
        Assert.Throws<IOException>(() => file.Append("2"u8));
    }
}
