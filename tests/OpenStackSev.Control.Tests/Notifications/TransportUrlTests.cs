using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Notifications;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>The broker's URL, as oslo.messaging reads it.</summary>
public sealed class TransportUrlTests
{
    [Theory]
    [InlineData("rabbit://u:p@h", "h:5672", "/"), InlineData("rabbit://u:p@h:1234/", "h:1234", "/"), InlineData("rabbit://u:p@h:1234//", "h:1234", "/")]
    [InlineData("rabbit://u:p@h/%2F", "h:5672", "/"), InlineData("rabbit://u:p@h/nova", "h:5672", "nova"), InlineData("rabbit://u:p@h/nova?heartbeat=5", "h:5672", "nova")]
    [InlineData("rabbit://u:p@h1,h2:5673/", "h1:5672, h2:5673", "/"), InlineData("rabbit://u:p@h1:1,u:p@h2:2/", "h1:1, h2:2", "/")]
    [InlineData("rabbit://u:p@[fd00::1]:5674,u:p@[fd00::2]/", "[fd00::1]:5674, [fd00::2]:5672", "/"), InlineData("rabbit://u:p@10.0.0.1:5/", "10.0.0.1:5", "/")]
    public void Hosts_and_the_virtual_host_are_read(string text, string hosts, string virtualHost)
    {
        TransportUrl url = Read(text);
        Assert.Equal((hosts, virtualHost, "u", "p"), (string.Join(", ", url.Hosts), url.VirtualHost, url.User, url.Password));
        Assert.False(url.UsesSsl);
    }

    [Theory, InlineData("rabbit://u%40x:p%2F%3A%40%25@h/", "u@x", "p/:@%"), InlineData("rabbit://u:a:b@h/", "u", "a:b"), InlineData("rabbit://u:p+q@h/", "u", "p+q")]
    public void User_and_password_are_decoded(string text, string user, string password) =>
        Assert.Equal((user, password), (Read(text).User, Read(text).Password));

    [Theory, InlineData("?ssl=1", true, 5671), InlineData("?ssl=True", true, 5671), InlineData("?a=b&ssl=yes", true, 5671), InlineData("?ssl=0", false, 5672), InlineData("", false, 5672)]
    public void TLS_is_asked_for_as_in_oslo_messaging(string query, bool uses, int port)
    {
        TransportUrl url = Read($"rabbit://u:p@h/{query}");
        Assert.Equal((uses, port), (url.UsesSsl, Assert.Single(url.Hosts).Port));
    }

    [Fact]
    public void The_option_turns_TLS_on_too()
    {
        Assert.True(TransportUrl.TryParse("rabbit://u:p@h1,h2:5672/", usesSsl: true, out TransportUrl? url, out _));
        Assert.Equal((true, "h1:5671, h2:5672"), (url.UsesSsl, string.Join(", ", url.Hosts)));
    }

    [Theory]
    [InlineData("amqp://u:hush@h/"), InlineData("u:hush@h"), InlineData("rabbit:///"), InlineData("rabbit://u:hush@/"), InlineData("rabbit://h/hush"), InlineData("rabbit://hush@h/")]
    [InlineData("rabbit://u:hush@h:0/"), InlineData("rabbit://u:hush@h:65536/"), InlineData("rabbit://u:hush@h:-1/"), InlineData("rabbit://u:hush@h:x/"), InlineData("rabbit://u:hush@[fd00::1/")]
    [InlineData("rabbit://u:hush@[fd00::1]5/"), InlineData("rabbit://u:hush@a b/"), InlineData("rabbit://u:hush@h1,v:hush@h2/"), InlineData("rabbit://u:hush@h/?ssl=maybe"), InlineData("rabbit://:hush@h/")]
    public void What_is_none_is_refused_without_repeating_its_password(string text)
    {
        Assert.False(TransportUrl.TryParse(text, false, out TransportUrl? url, out string? problem));
        Assert.Null(url);
        Assert.DoesNotContain("hush", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_bounded()
    {
        Assert.False(TransportUrl.TryParse("rabbit://u:p@" + new string('h', TransportUrl.Longest) + "/", false, out _, out _));
        Assert.False(TransportUrl.TryParse("rabbit://u:p@" + string.Join(',', Enumerable.Repeat("h", 33)) + "/", false, out _, out _));
    }

    [Fact]
    public void Its_password_is_in_nothing_that_prints_it()
    {
        TransportUrl url = Read("rabbit://u:hush@h/v");
        Assert.Equal("h:5672, virtual host v", $"{url}");
    }

    [Theory]
    [InlineData("transport_url = amqp://u:hush@h/", "begins with rabbit://")]
    [InlineData("transport_url = rabbit://u:hush@h/\nqueue = versioned_notifications.info", "not one of Nova's")]
    [InlineData("maximum_queue_length = 5", "must be 100 to 1000000")]
    public void A_wrong_setting_stops_the_start_and_keeps_the_secret(string lines, string expected)
    {
        string[] problems = [.. Problems(lines)];
        Assert.Contains(problems, problem => problem.Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_URL_nothing_is_heard_and_nothing_is_wrong()
    {
        Assert.Empty(Problems(""));
        Assert.Null(new NotificationOptions().Broker);
    }

    private static TransportUrl Read(string text) => TransportUrl.TryParse(text, usesSsl: false, out TransportUrl? url, out string? problem) ? url : throw new InvalidOperationException(problem);

    private static IReadOnlyList<string> Problems(string lines)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"[keystone_authtoken]\nauth_url = http://k:5000/v3\npassword = x\n[notifications]\n{lines}\n");
            ControlConfiguration.Load([file]);
            return [];
        }
        catch (ConfigurationException e)
        {
            return e.Problems;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
