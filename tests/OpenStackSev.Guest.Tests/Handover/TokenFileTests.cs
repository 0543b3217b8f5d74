using OpenStackSev.Guest.Handover;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Handover;

public sealed class TokenFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_reader_has_one_token_or_the_other_and_never_half_of_one()
    {
        var file = new TokenFile(folder.At("token"));
        string one = new('a', 9000), other = new('b', 9000);
        file.Put(one);
        using var done = new CancellationTokenSource();
        Task writing = Task.Run(() =>
        {
            for (int i = 0; i < 500; i++)
                file.Put(i % 2 == 0 ? other : one);
            done.Cancel();
        }, TestContext.Current.CancellationToken);
        while (!done.IsCancellationRequested)
            Assert.Contains(await File.ReadAllTextAsync(file.Path, TestContext.Current.CancellationToken), new[] { one + "\n", other + "\n" });
        await writing;
    }

    [Fact]
    public void What_a_killed_process_left_is_replaced_and_nobody_else_may_read()
    {
        File.WriteAllText(folder.At("token.new"), "half");
        var file = new TokenFile(folder.At("token"));
        file.Put("a.b.c");
        Assert.Equal("a.b.c\n", File.ReadAllText(file.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file.Path));
        Assert.Equal([file.Path], Directory.GetFiles(folder.Path));
        file.Put(null);
        file.Put(null);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }
}
